package rtp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"
)

var whole = Report{
	SSRC: 11, Sender: true, Heard: true, Bye: true,
	Sending:   Sending{NTP: 1 << 40, Timestamp: 800, Packets: 5, Octets: 800},
	Reception: Reception{SSRC: 22, Fraction: 3, Lost: -2, Highest: 70000, Jitter: 9, LastSR: 77, Delay: 88},
}

func TestAnotherImplementationReadsOurReports(t *testing.T) {
	packets, err := rtcp.Unmarshal(whole.Append(nil, "abc"))
	if err != nil {
		t.Fatal(err)
	}
	if len(packets) != 3 {
		t.Fatalf("%d packets, want SR, SDES and BYE", len(packets))
	}
	sr := packets[0].(*rtcp.SenderReport)
	want := rtcp.ReceptionReport{SSRC: 22, FractionLost: 3, TotalLost: 0xFFFFFE, LastSequenceNumber: 70000, Jitter: 9, LastSenderReport: 77, Delay: 88}
	if sr.SSRC != 11 || sr.NTPTime != 1<<40 || sr.PacketCount != 5 || sr.OctetCount != 800 || !cmp.Equal(sr.Reports[0], want) {
		t.Errorf("sender report %+v", sr)
	}
	sdes := packets[1].(*rtcp.SourceDescription)
	if sdes.Chunks[0].Source != 11 || sdes.Chunks[0].Items[0].Text != "abc" {
		t.Errorf("SDES %+v", sdes)
	}
	if bye := packets[2].(*rtcp.Goodbye); bye.Sources[0] != 11 {
		t.Errorf("BYE %+v", bye)
	}
}

func TestReportsOfEveryKindComeBackAsTheyWere(t *testing.T) {
	for name, r := range map[string]Report{
		"all of it":               whole,
		"a receiver that hears":   {SSRC: 1, Heard: true, Reception: Reception{SSRC: 22, Lost: 1<<23 - 1}},
		"a receiver that doesn't": {SSRC: 1},
		"a sender that hears not": {SSRC: 1, Sender: true, Sending: Sending{Packets: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, cname := range []string{"", "a", "ab", "abc", "abcd"} {
				got, ok := ParseReport(r.Append(nil, cname), 22)
				if !ok || !cmp.Equal(got, r) {
					t.Errorf("%v", cmp.Diff(r, got))
				}
			}
		})
	}
}

func TestParseReportFindsTheBlockAboutUs(t *testing.T) {
	sr := rtcp.SenderReport{SSRC: 5, Reports: []rtcp.ReceptionReport{{SSRC: 1}, {SSRC: 22, Jitter: 4}, {SSRC: 3}}}
	xr := rtcp.PictureLossIndication{SenderSSRC: 5, MediaSSRC: 22}
	b, err := rtcp.Marshal([]rtcp.Packet{&xr, &sr})
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := ParseReport(b, 22); !ok || !r.Heard || r.Reception.Jitter != 4 || r.SSRC != 5 {
		t.Errorf("%+v %v", r, ok)
	}
	if r, ok := ParseReport(b, 99); !ok || r.Heard {
		t.Errorf("a block about somebody else was taken for ours: %+v", r)
	}
}

func TestRoundTrip(t *testing.T) {
	sent := NTP(time.Unix(1_700_000_000, 0))
	r := Reception{LastSR: Middle(sent), Delay: 2 << 16}
	later := func(d time.Duration) uint64 { return NTP(time.Unix(1_700_000_000, 0).Add(d)) }
	if d, ok := r.RoundTrip(later(2*time.Second + 50*time.Millisecond)); !ok || d.Round(time.Millisecond) != 50*time.Millisecond {
		t.Errorf("round trip %v %v, want 50ms", d, ok)
	}
	if d, ok := r.RoundTrip(later(time.Second)); ok {
		t.Errorf("a reporter that claims more delay than has passed was believed: %v", d)
	}
	if _, ok := (Reception{}).RoundTrip(later(0)); ok {
		t.Error("a round trip without a report of ours")
	}
}

func TestNTPOfTheUnixEpoch(t *testing.T) {
	if got, want := NTP(time.Unix(0, 500_000_000)), uint64(2208988800)<<32|1<<31; got != want {
		t.Errorf("%x, want %x", got, want)
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add(whole.Append(nil, "abc"))
	f.Add([]byte{0x81, 200, 0, 1, 0, 0, 0, 1})
	f.Add([]byte{0x9F, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 22})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := ParseReport(b, 22)
		if ok && r.Heard && r.Reception.SSRC != 22 {
			t.Fatalf("a block about %d was taken for ours", r.Reception.SSRC)
		}
	})
}
