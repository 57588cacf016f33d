package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
)

const userUsage = `use: campaignlark user create --email EMAIL [--support] [--workspace SLUG --role admin|manager|viewer]
use: campaignlark user password --email EMAIL
The password is the first line of standard input; with no input at all it is made up and printed.
An account without a workspace can be invited, or create a workspace.`

// user is the command for accounts: it creates one, or gives one a new password and ends its sessions.
func (p program) user(ctx context.Context, c Config, args []string) error {
	if len(args) == 0 || args[0] != "create" && args[0] != "password" {
		return errors.New(userUsage)
	}
	flags := flag.NewFlagSet("user", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	email, account := flags.String("email", "", ""), newAccount{}
	if args[0] == "create" {
		flags.BoolVar(&account.support, "support", false, "")
		flags.StringVar(&account.workspace, "workspace", "", "")
		flags.StringVar(&account.role, "role", "", "")
	}
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 || *email == "" {
		return errors.New(userUsage)
	}
	db, err := openDatabase(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if args[0] == "password" {
		return p.userPassword(ctx, db, *email)
	}
	account.email = *email
	return p.userCreate(ctx, db, account)
}

// newAccount is an account to create, from the command line.
type newAccount struct {
	email           string
	support         bool
	workspace, role string // the workspace's slug, "" for none
}

func (p program) userCreate(ctx context.Context, db *store.DB, a newAccount) error {
	workspace, noWorkspace := a.findWorkspace(ctx, db)
	if err := refuseKnown(ctx, db, a.email, workspace); err != nil {
		return err
	}
	if noWorkspace != nil {
		return noWorkspace
	}
	password, madeUp, err := p.readPassword()
	if err != nil {
		return err
	}
	account := models.NewUser{Email: a.email, Password: password, Support: a.support, WorkspaceID: workspace.ID, Role: models.Role(a.role)}
	for _, sentence := range account.Validate() {
		err = errors.Join(err, errors.New(sentence))
	}
	if err != nil {
		return err
	}
	user, err := db.CreateUser(ctx, account, models.Instant(time.Now()))
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s can sign in now and is %s.\n", models.ShowEmail(user.Email), a.rights())
	p.printMadeUp(password, madeUp)
	return nil
}

// rights says in words what the account may do.
func (a newAccount) rights() string {
	var all []string
	if a.support {
		all = append(all, "support staff")
	}
	if a.workspace != "" {
		all = append(all, a.role+" of "+a.workspace)
	}
	if len(all) == 0 {
		return "in no workspace yet: an admin can invite this address, or the person creates a workspace after signing in"
	}
	return strings.Join(all, " and ")
}

// findWorkspace finds the workspace that the account will join, if any. A workspace and a role go together.
func (a newAccount) findWorkspace(ctx context.Context, db *store.DB) (models.Workspace, error) {
	switch {
	case a.workspace == "" && a.role == "":
		return models.Workspace{}, nil
	case a.workspace == "":
		return models.Workspace{}, errors.New("--role needs a workspace; choose one with --workspace SLUG")
	case a.role == "":
		return models.Workspace{}, errors.New("--workspace needs a role in it; add --role admin, --role manager or --role viewer")
	}
	if sentence := models.ValidateRole(models.Role(a.role)); sentence != "" {
		return models.Workspace{}, errors.New(sentence)
	}
	return chooseWorkspace(ctx, db, a.workspace)
}

// refuseKnown refuses an invalid address, and says what to do if the address already has an account.
func refuseKnown(ctx context.Context, db *store.DB, email string, w models.Workspace) error {
	if sentence := models.ValidateEmail(email); sentence != "" {
		return fmt.Errorf("%q: %s", email, sentence)
	}
	stored, err := models.ReadEmail(email)
	if err != nil {
		return err
	}
	user, err := db.UserByEmail(ctx, stored)
	if store.ErrorCode(err) == models.CodeNotFound {
		return nil
	}
	if err != nil {
		return models.In("find the account", err)
	}
	advice := "`campaignlark user password` gives it a new password"
	if w.ID != 0 {
		switch role, err := db.RoleIn(ctx, w.ID, user.ID); {
		case err == nil:
			return fmt.Errorf("%s has an account already and is %s of %s; %s", email, role, w.Slug, advice)
		case store.ErrorCode(err) != models.CodeNotFound:
			return models.In("find the role", err)
		}
		advice = fmt.Sprintf("an admin of %s can invite the person under Workspace settings, Members; ", w.Slug) + advice
	}
	return fmt.Errorf("%s has an account already; %s", email, advice)
}

func (p program) userPassword(ctx context.Context, db *store.DB, email string) error {
	stored, err := models.ReadEmail(email)
	if err != nil {
		return fmt.Errorf("%q is not an e-mail address", email)
	}
	user, err := db.UserByEmail(ctx, stored)
	if store.ErrorCode(err) == models.CodeNotFound {
		return fmt.Errorf("there is no account with the address %s", stored)
	}
	if err != nil {
		return models.In("find the account", err)
	}
	password, madeUp, err := p.readPassword()
	if err != nil {
		return err
	}
	if sentence := models.ValidatePassword(password); sentence != "" {
		return errors.New(sentence)
	}
	if err := db.SetPassword(ctx, user.ID, password, nil); err != nil {
		return models.In("store the password", err)
	}
	fmt.Fprintf(p.stdout, "%s has a new password and is signed out everywhere.\n", models.ShowEmail(user.Email))
	p.printMadeUp(password, madeUp)
	return nil
}

// chooseWorkspace finds the workspace with the slug, or without a slug the only workspace.
func chooseWorkspace(ctx context.Context, db *store.DB, slug string) (models.Workspace, error) {
	all, err := db.Workspaces(ctx)
	if err != nil {
		return models.Workspace{}, models.In("list the workspaces", err)
	}
	var slugs []string
	for _, w := range all {
		if w.Slug == slug || slug == "" && len(all) == 1 {
			return w, nil
		}
		slugs = append(slugs, w.Slug)
	}
	switch {
	case len(all) == 0:
		return models.Workspace{}, errors.New("there is no workspace yet; start the program and use the set-up link that it prints")
	case slug == "":
		return models.Workspace{}, fmt.Errorf("choose a workspace with --workspace; there are %s", strings.Join(slugs, ", "))
	}
	return models.Workspace{}, fmt.Errorf("there is no workspace %q; there are %s", slug, strings.Join(slugs, ", "))
}

// readPassword reads the first line of standard input. It generates a password if the input is a terminal, which would show the
// typing, or has ended. An empty line is an error: it is usually a script's empty variable.
func (p program) readPassword() (password string, madeUp bool, err error) {
	if f, ok := p.stdin.(*os.File); ok {
		if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice != 0 {
			return rand.Text(), true, nil
		}
	}
	line, err := bufio.NewReader(io.LimitReader(p.stdin, 16<<10)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", false, errors.New("the password cannot be read from standard input")
	}
	if line == "" {
		return rand.Text(), true, nil
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", false, errors.New("the first line of standard input is the password, and it is empty; with </dev/null a password is made up")
	}
	return line, false, nil
}

func (p program) printMadeUp(password string, madeUp bool) {
	if madeUp {
		fmt.Fprintf(p.stdout, "Password, shown this once: %s\n", password)
	}
}
