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

	"campaignlark/models"
)

const userUsage = `use: campaignlark user create [--workspace SLUG] [--role admin|manager|viewer] EMAIL
use: campaignlark user password EMAIL
The password is the first line of standard input; without one it is made up and printed.`

// user is the command for accounts: it creates one, or gives one a new password and ends its sessions.
func (p program) user(ctx context.Context, c Config, args []string) error {
	if len(args) == 0 || args[0] != "create" && args[0] != "password" {
		return errors.New(userUsage)
	}
	flags := flag.NewFlagSet("user", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	workspace, role := "", "admin"
	if args[0] == "create" {
		flags.StringVar(&workspace, "workspace", "", "")
		flags.StringVar(&role, "role", role, "")
	}
	email, err := parseAround(flags, args[1:])
	if err != nil {
		return errors.New(userUsage)
	}
	db, err := openDatabase(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if args[0] == "password" {
		return p.userPassword(ctx, db, email)
	}
	return p.userCreate(ctx, db, email, workspace, models.Role(role))
}

// parseAround reads flags before and after the one argument, and returns that.
func parseAround(flags *flag.FlagSet, args []string) (string, error) {
	if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
		return "", flag.ErrHelp
	}
	argument := flags.Arg(0)
	if err := flags.Parse(flags.Args()[1:]); err != nil || flags.NArg() > 0 {
		return "", flag.ErrHelp
	}
	return argument, nil
}

func (p program) userCreate(ctx context.Context, db *models.DB, email, slug string, role models.Role) error {
	workspace, err := chooseWorkspace(ctx, db, slug)
	if err != nil {
		return err
	}
	password, madeUp, err := p.readPassword()
	if err != nil {
		return err
	}
	account := models.NewUser{Email: email, Password: password, WorkspaceID: workspace.ID, Role: role}
	for _, sentence := range account.Validate() {
		err = errors.Join(err, errors.New(sentence))
	}
	if err != nil {
		return err
	}
	user, err := db.CreateUser(ctx, account)
	if errors.Is(err, models.ErrEmailTaken) {
		return fmt.Errorf("%s has an account already; `campaignlark user password` gives it a new password", email)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s can sign in now and is %s of %s.\n", user.Email, role, workspace.Slug)
	p.printMadeUp(password, madeUp)
	return nil
}

func (p program) userPassword(ctx context.Context, db *models.DB, email string) error {
	stored, err := models.ReadEmail(email)
	if err != nil {
		return fmt.Errorf("%q is not an e-mail address", email)
	}
	user, err := db.UserByEmail(ctx, stored)
	if models.ErrorCode(err) == models.CodeNotFound {
		return fmt.Errorf("there is no account with the address %s", stored)
	}
	if err != nil {
		return err
	}
	password, madeUp, err := p.readPassword()
	if err != nil {
		return err
	}
	if sentence := models.ValidatePassword(password); sentence != "" {
		return errors.New(sentence)
	}
	if err := db.SetPassword(ctx, user.ID, password, nil); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s has a new password and is signed out everywhere.\n", user.Email)
	p.printMadeUp(password, madeUp)
	return nil
}

// chooseWorkspace finds the workspace with the slug; without a slug it is the only one there is.
func chooseWorkspace(ctx context.Context, db *models.DB, slug string) (models.Workspace, error) {
	all, err := db.Workspaces(ctx)
	if err != nil {
		return models.Workspace{}, err
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

// readPassword reads the first line of standard input. From a terminal, which would show what is typed, and from an
// empty input it reads nothing and makes a password up.
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
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return rand.Text(), true, nil
	}
	return line, false, nil
}

func (p program) printMadeUp(password string, madeUp bool) {
	if madeUp {
		fmt.Fprintf(p.stdout, "Password, shown this once: %s\n", password)
	}
}
