// Package mail sends e-mail to the members of workspaces over SMTP: what it says, when it goes out, and the sender.
package mail
