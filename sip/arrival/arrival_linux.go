package arrival

import (
	"errors"
	"net"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Stamp asks the kernel to tell when it had each datagram: what waits in the
// socket while the server is busy is as late as what waits in a mailbox.
func Stamp(c *net.UDPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var refused error
	err = raw.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
	return errors.Join(err, refused)
}

// Time reads the kernel's time in what came beside a datagram (the out-of-band data of
// recvmsg); now, where it tells none.
func Time(aside []byte) time.Time {
	for len(aside) >= unix.SizeofCmsghdr {
		head, data, rest, err := unix.ParseOneSocketControlMessage(aside)
		if err != nil {
			break
		}
		if head.Level == unix.SOL_SOCKET && head.Type == unix.SO_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			at := (*unix.Timespec)(unsafe.Pointer(&data[0]))
			return time.Unix(at.Unix())
		}
		aside = rest
	}
	return time.Now()
}
