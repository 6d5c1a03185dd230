//go:build !portable

package media

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"breakwater/media/rtp"
)

// The driver is this test program again, as a process of its own: it plays the phones
// of a benchmark, a packet of 20 ms each, spread evenly, and tells how late they come
// back.

const driverSign = "BREAKWATER_MEDIA_DRIVER" // set: be the driver

type driverTask struct {
	Legs     int
	Seconds  float64
	Echo     netip.AddrPort
	EchoFrom float64 // seconds: after what is measured, for it costs, too
}

// driverResult has times in milliseconds.
type driverResult struct {
	Sent, Received   int
	P50, P99, Max    float64
	EchoP50, EchoP99 float64
}

const driverSlots = 200 // of 100 µs in 20 ms

func drive() error {
	var task driverTask
	in := json.NewDecoder(os.Stdin)
	if err := in.Decode(&task); err != nil {
		return err
	}
	poll, err := unix.EpollCreate1(0)
	if err != nil {
		return err
	}
	fds := make([]int, task.Legs)
	legs := make([]netip.AddrPort, task.Legs)
	for i := range fds {
		c, err := openSocket(netip.AddrPortFrom(loopback, 0))
		if err != nil {
			return err
		}
		name, err := unix.Getsockname(c.fd)
		if err != nil {
			return err
		}
		fds[i], legs[i] = c.fd, netip.AddrPortFrom(loopback, uint16(name.(*unix.SockaddrInet4).Port))
		if err := unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(c.fd)}); err != nil {
			return err
		}
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(legs); err != nil {
		return err
	}
	var to []netip.AddrPort
	if err := in.Decode(&to); err != nil {
		return err
	}
	for i, fd := range fds {
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(to[i].Port()), Addr: to[i].Addr().As4()}); err != nil {
			return err
		}
	}
	var stop atomic.Bool
	var echoes []float64
	var wg sync.WaitGroup
	wg.Go(func() {
		<-time.After(time.Duration(task.EchoFrom * float64(time.Second)))
		echoes = ping(task.Echo, &stop)
	})
	r := phones(poll, fds, time.Duration(task.Seconds*float64(time.Second)))
	stop.Store(true)
	wg.Wait()
	r.EchoP50, r.EchoP99 = quantile(echoes, 0.5), quantile(echoes, 0.99)
	return out.Encode(r)
}

func phones(poll int, fds []int, span time.Duration) (r driverResult) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	hurry()
	var events [256]unix.EpollEvent
	late := make([]float64, 0, int(span.Seconds()*51)*len(fds))
	packet, room := make([]byte, 172), make([]byte, biggest)
	for i := range packet {
		packet[i] = 0xFF
	}
	began := monotonic()
	for slot := 0; ; slot++ {
		due := began + int64(slot)*100_000
		if due-began > int64(span)+int64(300*time.Millisecond) {
			break
		}
		if wait := due - monotonic(); wait > 0 {
			ts := unix.NsecToTimespec(wait)
			_ = unix.Nanosleep(&ts, nil)
		}
		if due-began < int64(span) {
			for i := slot % driverSlots; i < len(fds); i += driverSlots {
				n := slot / driverSlots
				rtp.Header{Sequence: uint16(n), Timestamp: uint32(n * 160), SSRC: uint32(i + 1)}.Put(packet)
				binary.LittleEndian.PutUint64(packet[12:], uint64(monotonic()))
				if _, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fds[i]), uintptr(unsafe.Pointer(&packet[0])), 172, unix.MSG_DONTWAIT, 0, 0); errno == 0 {
					r.Sent++
				}
			}
		}
		for {
			n, _, _ := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(poll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
			if int(n) <= 0 {
				break
			}
			for i := range int(n) {
				n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(events[i].Fd), uintptr(unsafe.Pointer(&room[0])), biggest, unix.MSG_DONTWAIT, 0, 0)
				if errno == 0 && n == 172 {
					r.Received++
					late = append(late, float64(monotonic()-int64(binary.LittleEndian.Uint64(room[12:])))/1e6)
				}
			}
			if int(n) < len(events) {
				break
			}
		}
	}
	r.P50, r.P99, r.Max = quantile(late, 0.5), quantile(late, 0.99), quantile(late, 1)
	return r
}

// ping measures round trips to the engine's process.
func ping(to netip.AddrPort, stop *atomic.Bool) (ms []float64) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return nil
	}
	defer func() { _ = c.Close() }()
	beat := time.NewTicker(3 * time.Millisecond)
	defer beat.Stop()
	room := make([]byte, 100)
	for !stop.Load() {
		<-beat.C
		at := monotonic()
		_, _ = c.Write(room[:8])
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := c.Read(room); err == nil {
			ms = append(ms, float64(monotonic()-at)/1e6)
		}
	}
	return ms
}

func monotonic() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(fmt.Sprint("no clock: ", err))
	}
	return ts.Nano()
}

func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[min(len(v)-1, int(q*float64(len(v))))]
}
