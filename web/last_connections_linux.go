package main

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// refuseConnections makes the kernel ignore requests for new connections to ln, while ln.Accept still returns the connections that are
// established. Closing ln at once would reset those that wait for Accept, and their clients would take that for a failed request. A client
// that is ignored asks again after a second and is told that nothing listens here.
func refuseConnections(ln net.Listener) error {
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	const flagsOffset, syn, synAndAck = 13, 0x02, 0x12 // of a TCP header
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: flagsOffset},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: synAndAck},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: syn, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},          // drop the packet
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff}, // take all of it
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
	})
	return errors.Join(err, failed)
}
