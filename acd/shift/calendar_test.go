package shift

import "testing"

func TestTheCalendarShowsWhatWasWritten(t *testing.T) {
	s := rotation(map[string]Day{"night": dayOf(t, "23:00-07:15", "break", "03:00-03:45"), "torn": dayOf(t, "10:00-14:00", "18:00-22:00")}, "night", Off, "torn", Off, Off, Off, Off)
	got := pattern(t, s, "mei").Calendar(date(t, "2026-11-02"))
	want := `mei, shift team, week of 2026-11-02, Asia/Shanghai
        0     3     6     9     12    15    18    21    24
mon 02  ··············································██  7h30m  night 23:00-07:15 (03:00-03:45)
tue 03  ██████▒▒███████·································  off
wed 04  ····················████████········████████····  8h  torn 10:00-14:00 18:00-22:00
thu 05  ················································  off
fri 06  ················································  off
sat 07  ················································  off
sun 08  ················································  off
        15h30m of work
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
