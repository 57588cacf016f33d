//go:build !linux

package main

import (
	"errors"
	"net"
)

// refuseConnections works on Linux only.
func refuseConnections(net.Listener) error { return errors.ErrUnsupported }
