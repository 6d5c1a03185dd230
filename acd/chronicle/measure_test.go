package chronicle

import (
	"bytes"
	"os"
	"testing"

	"breakwater/acd"
)

// BenchmarkNote is what the log costs the floor's goroutine for a turn beyond the copy
// that the floor makes (measured in acd): handing it over, with nothing dropped.
func BenchmarkNote(b *testing.B) {
	d := newDesk(b, Settings{Folder: b.TempDir()})
	turn := d.do(acd.Input{Kind: acd.InEnter, Entry: &acd.Entry{Call: "c", Queue: "help"}})
	taken := func() {
		for len(d.writer.queue) > 0 {
			<-d.writer.queue
		}
	}
	taken()
	noted := 0
	for b.Loop() {
		d.writer.Note(turn)
		if noted++; noted%(queueSize/2) == 0 {
			b.StopTimer()
			taken()
			b.StartTimer()
		}
	}
	if n := d.writer.Counts().Dropped; n > 0 {
		b.Errorf("%d turns were dropped", n)
	}
}

// BenchmarkWrite is what a turn costs the writer, which is not the floor.
func BenchmarkWrite(b *testing.B) {
	d := newDesk(b, Settings{Folder: b.TempDir()})
	turn := d.do(acd.Input{Kind: acd.InEnter, Entry: &acd.Entry{Call: "c", Queue: "help"}})
	f := &file{w: d.writer}
	f.put(page{picture: d.floor.Picture()})
	for b.Loop() {
		f.put(page{turn: turn})
	}
	b.ReportMetric(float64(f.size)/float64(b.N), "bytes/turn")
	if err := f.close(); err != nil {
		b.Fatal(err)
	}
}

// FuzzRead: whatever is in a file, reading and replaying it ends, with an error or not.
func FuzzRead(f *testing.F) {
	d := newDesk(f, Settings{Folder: f.TempDir()})
	d.call()
	d.write()
	all, err := Files(d.writer.settings.Folder)
	if err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(all[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"dropped":3}` + "\n{\n" + `{"turn":{}}`))
	f.Add([]byte(`{"picture":{"seats":[{"agent":"x"}],"tickets":[{"step":9}]}}` + "\n" + `{"turn":{"in":{"kind":"enter"}}}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		r := Replay{Audit: true}
		_ = r.Feed("fuzz", bytes.NewReader(text)) // any error is an answer; a panic is none
	})
}
