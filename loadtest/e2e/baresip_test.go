//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"breakwater/media/wav"
)

// baresip is a real softphone of another maker, driven through its control socket.
type baresip struct {
	t      *testing.T
	dir    string
	conn   net.Conn
	events chan event
	cmd    *exec.Cmd
}

// event is one thing baresip tells on its control socket.
type event struct {
	Event bool   `json:"event"`
	Type  string `json:"type"`
	Param string `json:"param"`
	OK    bool   `json:"ok"`
	Data  string `json:"data"`
}

// startBaresip registers an account and plays a tone of freq Hz into every call.
func startBaresip(t *testing.T, server, transport, user, password string, freq float64) *baresip {
	t.Helper()
	return startSoftphone(t, server, transport, user, password, softphone{
		codecs: "PCMU,PCMA", modules: []string{"g711.so"}, rate: 8000, says: sine(freq, 4000),
	})
}

// softphone is what a baresip speaks, and what it says into every call.
type softphone struct {
	codecs  string
	modules []string
	rate    int                     // of its sound, a second
	says    func(t float64) float64 // a sample at t seconds; full scale is 1<<15
}

// sine of 4000 has about −16 dBm0.
func sine(freq, amplitude float64) func(t float64) float64 {
	return func(t float64) float64 { return amplitude * math.Sin(2*math.Pi*freq*t) }
}

func startSoftphone(t *testing.T, server, transport, user, password string, p softphone) *baresip {
	t.Helper()
	if _, err := exec.LookPath("baresip"); err != nil {
		t.Fatalf("baresip is not installed (apt-get install baresip-core): %v", err)
	}
	b := &baresip{t: t, dir: t.TempDir(), events: make(chan event, 1024)}
	control := freePort(t)
	b.write("accounts", fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_user=%s;auth_pass=%s;regint=120;audio_codecs=%s\n",
		user, server, transport, user, password, p.codecs))
	b.write("contacts", "")
	utter(t, filepath.Join(b.dir, "tone.wav"), p)
	var speaks []string
	for _, m := range p.modules {
		speaks = append(speaks, "module "+m)
	}
	b.write("config", strings.Join([]string{
		"sip_listen 127.0.0.1:0", "sip_trans_def udp", "net_interface 127.0.0.1", "rtp_ports 40000-49999", "rtp_timeout 0",
		"call_local_timeout 120", "call_max_calls 4",
		"audio_player aufile," + filepath.Join(b.dir, "unused.wav"), "audio_source aufile," + filepath.Join(b.dir, "tone.wav"),
		"audio_alert aufile,/dev/null", fmt.Sprintf("audio_srate %d-%[1]d", p.rate), "audio_channels 1",
		"snd_path " + b.dir, "ctrl_tcp_listen 127.0.0.1:" + control,
		"module_path " + modules(), strings.Join(speaks, "\n"), "module aufile.so", "module sndfile.so",
		"module_app account.so", "module_app menu.so", "module_app ctrl_tcp.so", "",
	}, "\n"))
	b.cmd = exec.Command("baresip", "-f", b.dir)
	log, err := os.Create(filepath.Join(b.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	b.cmd.Stdout, b.cmd.Stderr = log, log
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.stop)
	eventually(t, 10*time.Second, func() (err error) {
		b.conn, err = net.Dial("tcp", "127.0.0.1:"+control)
		return err
	})
	go b.read()
	return b
}

func modules() string {
	found, _ := filepath.Glob("/usr/lib/*/baresip/modules")
	if len(found) > 0 {
		return found[0]
	}
	return "/usr/lib/baresip/modules"
}

func (b *baresip) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// utter writes 60 s of what a softphone says as PCM16.
func utter(t *testing.T, file string, p softphone) {
	t.Helper()
	samples := make([]int16, 60*p.rate)
	for i := range samples {
		samples[i] = int16(p.says(float64(i) / float64(p.rate)))
	}
	head := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00")
	put := func(at int, v uint32) {
		head[at], head[at+1], head[at+2], head[at+3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
	put(4, uint32(36+2*len(samples)))
	put(24, uint32(p.rate))
	put(28, uint32(2*p.rate))
	put(40, uint32(2*len(samples)))
	for _, s := range samples {
		head = append(head, byte(s), byte(uint16(s)>>8))
	}
	if err := os.WriteFile(file, head, 0o600); err != nil {
		t.Fatal(err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// read takes netstrings: length ":" JSON ",".
func (b *baresip) read() {
	defer close(b.events)
	for in := bufio.NewReader(b.conn); ; {
		length, err := in.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
		if err != nil {
			return
		}
		body := make([]byte, n+1)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		var e event
		if err := json.Unmarshal(body[:n], &e); err != nil {
			return
		}
		b.events <- e
	}
}

// do sends a command of baresip's menu.
func (b *baresip) do(command, params string) {
	b.t.Helper()
	body, err := json.Marshal(map[string]string{"command": command, "params": params, "token": "t"})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(b.conn, "%d:%s,", len(body), body); err != nil {
		b.t.Fatal(err)
	}
}

// await waits for an event of the type.
func (b *baresip) await(kind string) event {
	b.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case e, ok := <-b.events:
			if !ok {
				b.t.Fatalf("baresip ended while waiting for %s\n%s", kind, b.logText())
			}
			if e.Event && e.Type == kind {
				return e
			}
		case <-deadline:
			b.t.Fatalf("no %s within 30 s\n%s", kind, b.logText())
		}
	}
}

func (b *baresip) logText() string {
	text, _ := os.ReadFile(filepath.Join(b.dir, "log"))
	return string(text)
}

func (b *baresip) stop() {
	if b.conn != nil {
		_ = b.conn.Close()
	}
	_ = b.cmd.Process.Signal(os.Interrupt)
	ended := make(chan struct{})
	go func() { _ = b.cmd.Wait(); close(ended) }()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	select {
	case <-ended:
	case <-ctx.Done():
		_ = b.cmd.Process.Kill()
		<-ended
	}
}

// press dials digits one by one, as fingers do.
func (b *baresip) press(digits string) {
	b.t.Helper()
	for _, d := range digits {
		b.do("sndcode", string(d))
	}
}

// heard is the share of the frequency in what a softphone or recording holds: 1 = a
// pure tone of freq, 0 = none of it.
func heard(samples []int16, freq float64) float64 { return share(samples, 8000, freq) }

func share(samples []int16, rate int, freq float64) float64 {
	var re, im, all float64
	for i, s := range samples {
		x := float64(s)
		sin, cos := math.Sincos(2 * math.Pi * freq * float64(i) / float64(rate))
		re, im, all = re+x*cos, im+x*sin, all+x*x
	}
	if all == 0 {
		return 0
	}
	return 2 * (re*re + im*im) / (all * float64(len(samples)))
}

// loudest gives the best second of a sound for a frequency.
func loudest(samples []int16, freq float64) (best float64) {
	for at := 0; at+8000 <= len(samples); at += 2000 {
		best = max(best, heard(samples[at:at+8000], freq))
	}
	return best
}

func TestTwoSoftphonesTalkThroughMenuAndQueue(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			s := start(t, prepare(t, "../../config/example"))
			at := map[string]string{"udp": s.udp, "tcp": s.tcp}[transport]
			caller := startBaresip(t, at, transport, "1001", s.users["1001"], 440)
			s.registered("1001")
			agent := startBaresip(t, at, transport, "1002", s.users["1002"], 1000)
			s.registered("1002")

			s.talk(caller, agent, 5*time.Second)

			var records []struct {
				Agent      string   `json:"agent"`
				Recordings []string `json:"recordings"`
				Cause      struct {
					Metric string `json:"metric"`
				} `json:"cause"`
			}
			eventually(t, 5*time.Second, func() error {
				if err := s.get("/v1/records?caller=1001", &records); err != nil {
					return err
				}
				if len(records) != 1 || records[0].Agent != "anna" || len(records[0].Recordings) != 1 {
					return fmt.Errorf("records %+v", records)
				}
				return nil
			})
			tape := readWAV(t, filepath.Join(s.dir, "var", "recordings", records[0].Recordings[0]))
			if share := loudest(tape.Samples(0), 440); share < 0.9 {
				t.Errorf("the recording's left channel holds %.2f of the caller's 440 Hz", share)
			}
			if share := loudest(tape.Samples(1), 1000); share < 0.9 {
				t.Errorf("the recording's right channel holds %.2f of the agent's 1000 Hz", share)
			}
			if share := loudest(dump(t, caller), 1000); share < 0.9 {
				t.Errorf("the caller heard %.2f of the agent's 1000 Hz", share)
			}
			if share := loudest(dump(t, agent), 440); share < 0.9 {
				t.Errorf("the agent heard %.2f of the caller's 440 Hz", share)
			}
		})
	}
}

// registered waits until the server can reach a phone.
func (s *server) registered(name string) {
	s.t.Helper()
	eventually(s.t, 10*time.Second, func() error {
		var phones []struct {
			Name      string
			Reachable bool
		}
		if err := s.get("/v1/phones", &phones); err != nil {
			return err
		}
		for _, p := range phones {
			if p.Name == name && p.Reachable {
				return nil
			}
		}
		return fmt.Errorf("phone %s is not registered: %+v", name, phones)
	})
}

// talkFor is nil once a call has been talking for d.
func talkFor(s *server, d time.Duration) error {
	var calls []struct {
		Phase string    `json:"phase"`
		Since time.Time `json:"since"`
	}
	if err := s.get("/v1/calls", &calls); err != nil {
		return err
	}
	for _, c := range calls {
		if c.Phase == "talking" && time.Since(c.Since) >= d {
			return nil
		}
	}
	return fmt.Errorf("no call has talked for %s: %+v", d, calls)
}

func readWAV(t *testing.T, file string) *wav.File {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := wav.Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return f
}

// dump joins everything that baresip's sndfile module wrote of what it decoded.
func dump(t *testing.T, b *baresip) (all []int16) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "dump-*-dec.wav"))
	if err != nil || len(files) == 0 {
		t.Fatalf("baresip dumped nothing it heard: %v", err)
	}
	for _, f := range files {
		all = append(all, readWAV(t, f).Samples(0)...)
	}
	return all
}
