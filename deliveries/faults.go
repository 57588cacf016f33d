package deliveries

import "campaignlark/models"

// Ours reports whether the fault is on this side: nothing reached the receiver, and only the people who run this program can mend it.
func (c Code) Ours() bool { return c == CodeSecret || c == CodeFault }

// CannotSign says why messages to a destination cannot be signed, and who can mend that; "" if they can be signed.
func (s Store) CannotSign(d models.Destination) string {
	if _, err := open(s.Cipher, d); err == nil {
		return ""
	}
	return "The stored secret or headers of " + d.Name + " cannot be decrypted. Ask the people who run this program to bring back SECRET_KEY. If it is lost, replace the secret and enter the own headers again. What waits then goes out."
}

// Counts reports whether an attempt counts in the schedule, so that the delivery is given up after too many of them. One to an address that is
// not allowed does not: nothing was sent, and the message goes out when somebody has changed the address.
func (c Code) Counts() bool { return c != CodeAddress }
