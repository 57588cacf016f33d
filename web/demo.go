package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"

	"campaignlark/demo"
	"campaignlark/models"
	"campaignlark/models/store"
)

const demoUsage = `use: campaignlark demo [--contacts N] [--workspace SLUG]
It fills an empty workspace with an invented bookshop. On an empty database it makes the workspace and its first admin:
ADMIN_EMAIL and ADMIN_PASSWORD, or admin@example.com with the first line of standard input, or with a password that is
made up and printed. manager@example.com, viewer@example.com and support@example.com get the same password.`

// demoAdmin is the admin's address if the configuration names none.
const demoAdmin = "admin@example.com"

// demo is the command that fills a workspace with sample data.
func (p program) demo(ctx context.Context, c Config, args []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	contacts := flags.Int("contacts", 2000, "")
	slug := flags.String("workspace", "", "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return errors.New(demoUsage)
	}
	if *contacts < demo.MinContacts || *contacts > demo.MaxContacts {
		return fmt.Errorf("--contacts must be a number from %d to %d", demo.MinContacts, demo.MaxContacts)
	}
	db, err := openDatabase(ctx, asyncCommits(c.DatabaseURL))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := checkClock(ctx, db, time.Now); err != nil {
		return err
	}
	cipher, err := loadCipher(c, db.Dialect)
	if err != nil {
		return err
	}
	workspace, user, err := p.demoWorkspace(ctx, c, db, *slug)
	if err != nil {
		return err
	}
	started := time.Now()
	made, err := demo.Fill(ctx, db, workspace, demo.Options{
		Contacts: *contacts, LogDays: c.LogRetentionDays, User: user.ID, Now: started, Log: p.log, Cipher: cipher, Progress: p.demoProgress(*contacts),
	})
	if err != nil {
		return fmt.Errorf("the workspace %s is only filled in part, since %w; use another one for the next try", workspace.Slug, err)
	}
	fmt.Fprintf(p.stdout, "The workspace %s has %d contacts now and %d calls in its request log, %d of which failed (%s).\n",
		workspace.Slug, made.Contacts, made.Calls, made.Failures, time.Since(started).Round(100*time.Millisecond))
	if made.Secret != "" {
		fmt.Fprintf(p.stdout, "Its automations call a CRM. To see what they send, start the program with OUTBOUND_ALLOW=127.0.0.0/8 and, beside it,\n  campaignlark receive --secret %s\n", made.Secret)
	}
	return nil
}

// asyncCommits adds asynchronous commits to the URL of a Postgres database. The demo makes many commits in sequence, and its data
// may be lost in a power cut. SQLite's URL does not change.
func asyncCommits(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil || u.Scheme == "sqlite" {
		return databaseURL
	}
	query := u.Query()
	query.Set("synchronous_commit", "off")
	u.RawQuery = query.Encode()
	return u.String()
}

// demoWorkspace returns the empty workspace to fill. On an empty database it creates one with an admin; else it returns no user.
func (p program) demoWorkspace(ctx context.Context, c Config, db *store.DB, slug string) (models.Workspace, models.User, error) {
	there, err := db.HasUsers(ctx)
	if err != nil {
		return models.Workspace{}, models.User{}, models.In("look for an account", err)
	}
	if !there && slug == "" {
		return p.demoAdmin(ctx, c, db)
	}
	workspace, err := chooseWorkspace(ctx, db, slug)
	if err != nil {
		return workspace, models.User{}, err
	}
	empty, err := db.WorkspaceEmpty(ctx, workspace.ID)
	if err == nil && !empty {
		err = fmt.Errorf("the workspace %s has contacts, webhooks or merge tags already, and the demo would mix with them; "+
			"name an empty workspace with --workspace, or a new database with DATABASE_URL", workspace.Slug)
	}
	return workspace, models.User{}, err
}

func (p program) demoAdmin(ctx context.Context, c Config, db *store.DB) (models.Workspace, models.User, error) {
	admin := demo.FirstAdmin(demoAdmin, "")
	madeUp := false
	if c.AdminEmail != "" {
		admin.Email, admin.Password = c.AdminEmail, c.AdminPassword
	} else {
		var err error
		if admin.Password, madeUp, err = p.readPassword(); err != nil {
			return models.Workspace{}, models.User{}, err
		}
	}
	var wrong error
	for _, sentence := range admin.Validate() {
		wrong = errors.Join(wrong, errors.New(sentence))
	}
	if wrong != nil {
		return models.Workspace{}, models.User{}, wrong
	}
	workspace, user, err := db.CreateFirstAdmin(ctx, admin)
	if err != nil {
		return workspace, user, err
	}
	fmt.Fprintf(p.stdout, "%s can sign in now and is admin of %s.\n", user.Email, workspace.Slug)
	p.printMadeUp(admin.Password, madeUp)
	return workspace, user, p.demoPeople(ctx, db, workspace, admin.Password)
}

// demoPeople makes accounts with the other roles, with the admin's password, so that one can look at what each of them sees.
func (p program) demoPeople(ctx context.Context, db *store.DB, workspace models.Workspace, password string) error {
	for _, person := range []struct {
		email, name string
		role        models.Role // "" for support staff
	}{
		{"manager@example.com", "Tomasz Nowak", models.RoleManager},
		{"viewer@example.com", "Vera Lindqvist", models.RoleViewer},
		{"support@example.com", "Sami Haddad", ""},
	} {
		account, is := models.NewUser{Email: person.email, Password: password, Support: true}, "support staff"
		if person.role != "" {
			account.Support, account.WorkspaceID, account.Role = false, workspace.ID, person.role
			is = string(person.role) + " of " + workspace.Slug
		}
		user, err := db.CreateUser(ctx, account, models.Instant(time.Now()))
		if errors.Is(err, models.ErrEmailTaken) {
			continue // it is the admin's address
		}
		if err == nil {
			err = db.SetProfile(ctx, user.ID, models.Profile{Name: person.name})
		}
		if err != nil {
			return models.In("make an account for each role", err)
		}
		fmt.Fprintf(p.stdout, "%s can sign in with the same password and is %s.\n", person.email, is)
	}
	return nil
}

// demoProgress reports the progress of a large demo from time to time.
func (p program) demoProgress(all int) func(int) {
	const step = 100_000
	next := step
	return func(contacts int) {
		if contacts >= next {
			fmt.Fprintf(p.stdout, "%d of %d contacts\n", contacts, all)
			next += step
		}
	}
}
