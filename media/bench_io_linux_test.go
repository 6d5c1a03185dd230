//go:build !portable

package media

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkBridgedCalls is what a call costs the engine: so many bridged calls, both
// parties talking, driven by a process of its own. It runs for seconds, whatever b.N
// is: use -benchtime=1x. Compare lines of one run only; between runs a shared machine
// moves by a quarter.
//
//	go test ./media -run '^$' -bench BridgedCalls -benchtime 1x
func BenchmarkBridgedCalls(b *testing.B) {
	for _, calls := range []int{100, 1000} {
		for name, share := range map[string]bool{"own": false, "shared": true} {
			b.Run(name+"/"+strconv.Itoa(calls), func(b *testing.B) {
				for range b.N {
					bridgedCalls(b, calls, share)
				}
			})
		}
	}
}

const (
	warmUp   = time.Second
	measured = 3 * time.Second
)

func bridgedCalls(b *testing.B, calls int, share bool) {
	e, err := Open(Settings{PortLow: 12000, PortHigh: 31998, Drain: drainQuiet, Recordings: b.TempDir()}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	g := startDriver(b, driverTask{Legs: 2 * calls, Seconds: (warmUp + measured).Seconds() + 1.5, Echo: echo(b), EchoFrom: (warmUp + measured).Seconds() + 0.2})
	ports := make([]*Port, 2*calls)
	to := make([]netip.AddrPort, len(ports))
	for i := range ports {
		h := Hint{Share: share, Remote: g.legs[i]}
		if i%2 == 1 {
			h.Near = ports[i-1]
		}
		p, err := e.PortFor(loopback, h)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Apply(Desc{Remote: g.legs[i], Codec: PCMU, Send: true, Recv: true}); err != nil {
			b.Fatal(err)
		}
		ports[i], to[i] = p, p.Local()
	}
	for i := 0; i < len(ports); i += 2 {
		if _, err := e.Join(ports[i], ports[i+1]); err != nil {
			b.Fatal(err)
		}
	}
	g.begin(b, to)
	<-time.After(warmUp)
	before := spent(b)
	<-time.After(measured)
	used := spent(b) - before
	r := g.result(b)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(used.Seconds()*1000/measured.Seconds()/float64(calls), "cpu-ms/call-s")
	b.ReportMetric(r.P50*1e3, "µs-p50")
	b.ReportMetric(r.P99*1e3, "µs-p99")
	b.ReportMetric(float64(r.Sent-r.Received)/float64(r.Sent)*100, "%lost")
	b.ReportMetric(r.EchoP50*1e3, "µs-other-p50")
	b.ReportMetric(r.EchoP99*1e3, "µs-other-p99")
	for _, p := range ports {
		p.Close()
	}
}

// spent is the processor time of this process so far.
func spent(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// echo answers what comes, as SIP would; it shows how long the loops keep the rest of
// the program waiting.
func echo(b *testing.B) netip.AddrPort {
	c := listen(b, netip.AddrPortFrom(loopback, 0))
	done := make(chan struct{})
	go func() {
		defer close(done)
		room := make([]byte, 100)
		for {
			n, from, err := c.ReadFromUDPAddrPort(room)
			if err != nil {
				return
			}
			_, _ = c.WriteToUDPAddrPort(room[:n], from)
		}
	}()
	b.Cleanup(func() { _ = c.Close(); <-done })
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// driver is the process that plays the phones.
type driver struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	legs []netip.AddrPort
}

func startDriver(b *testing.B, t driverTask) *driver {
	g := &driver{cmd: exec.Command(os.Args[0])}
	g.cmd.Env = append(os.Environ(), driverSign+"=1")
	g.cmd.Stderr = os.Stderr
	var err error
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	g.out = bufio.NewReader(out)
	if err := g.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = g.in.Close(); _ = g.cmd.Wait() })
	g.tell(b, t)
	g.hear(b, &g.legs)
	return g
}

func (g *driver) begin(b *testing.B, to []netip.AddrPort) { g.tell(b, to) }

func (g *driver) result(b *testing.B) (r driverResult) {
	g.hear(b, &r)
	return r
}

func (g *driver) tell(b *testing.B, v any) {
	if err := json.NewEncoder(g.in).Encode(v); err != nil {
		b.Fatal(err)
	}
}

func (g *driver) hear(b *testing.B, v any) {
	line, err := g.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, v)
	}
	if err != nil {
		b.Fatal(err)
	}
}
