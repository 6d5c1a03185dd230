package protect

import (
	"testing"
	"time"
)

// The rows of the state table of protection.md §1.2, quoted as names.
func TestTheStateTable(t *testing.T) {
	emergency := Limits{Emergency: true, Notice: true, Hint: true}
	for name, c := range map[string]struct {
		limits     Limits
		transcript string
	}{
		"any live | crisis key | – | CRISIS: timers and hints off, every way to an ending closed, supervisor paged": {open, toCrisis + `
			6s hint >
			1000s tick >
			1001s key_end > refuse crisis
			1002s key_one_strike > refuse crisis
			1003s key_confirm >
			1004s key_warn > refuse crisis
			1005s key_settled > refuse crisis`},
		"any live: CRISIS from W1":       {open, toW1 + "\n11s key_crisis > stop_prompt; enter CRISIS; page_supervisor crisis\n18s prompt_ended >"},
		"any live: CRISIS from OBS1":     {open, toObs1 + "\n19s key_crisis > enter CRISIS; page_supervisor crisis"},
		"any live: CRISIS from PERMIT":   {open, toPermit + "\n47s key_crisis > permit_closed; enter CRISIS; page_supervisor crisis"},
		"any live: CRISIS from FAREWELL": {open, toFarewell + "\n51s key_crisis > stop_prompt; enter CRISIS; page_supervisor crisis"},
		"CRISIS | supervisor releases | – | CALM; cooldown L3 afterwards": {open, toCrisis + `
			20s supervisor_in >
			90s supervisor_out > enter CALM
			95s caller_gone > enter ENDED; end_call caller_ended L3`},
		"CRISIS released, then the agent finishes: L3 as well": {open, toCrisis + `
			90s supervisor_out > enter CALM
			95s on_hook > enter ENDED; close_call agent_finished L3`},
		"any live | one-strike key, confirmed by # within 5 s | FAREWELL (one-strike prompt) → ENDED, L3": {open, `
			1s key_one_strike > confirmed
			6s key_confirm > enter FAREWELL; play_prompt one-strike
			14s prompt_ended > enter ENDED; end_call one_strike L3`},
		"one strike while a warning plays": {open, toW2 + `
			29s key_one_strike > confirmed
			30s key_confirm > stop_prompt; enter FAREWELL; play_prompt one-strike
			38s prompt_ended > enter ENDED; end_call one_strike L3`},
		"one strike confirmed after 5 s is none": {open, `
			1s key_one_strike > confirmed
			6001ms key_confirm >`},
		"one strike is taken back by any other key": {open, `
			1s key_one_strike > confirmed
			2s key_step_back > toggle_step_back
			3s key_confirm >`},
		"# alone means nothing": {open, `1s key_confirm >`},
		"one strike | – | not an emergency queue": {emergency, `
			1s key_one_strike > refuse emergency
			2s key_confirm >`},
		"any live | assist key | – | unanswered after 60 s counts assist_missed": {open, `
			1s key_assist > page_supervisor assist
			60s tick >
			61s tick > count_assist_missed
			200s tick >
			201s key_assist > cancel_page`},
		"a supervisor who was here and left can be asked for again": {open, `
			1s key_assist > page_supervisor assist
			20s supervisor_in >
			30s key_assist > confirmed
			40s supervisor_left >
			50s key_assist > page_supervisor assist`},
		"CRISIS | supervisor leaves without releasing it | – | it goes on": {open, toCrisis + `
			20s supervisor_in >
			30s supervisor_left >
			31s key_end > refuse crisis
			32s key_assist > page_supervisor crisis`},
		"any live | supervisor joins | – | flag supervised, and nothing is missed": {open, `
			1s key_assist > page_supervisor assist
			9s supervisor_in >
			61s tick >
			62s key_assist > confirmed`},
		"assist again: cancel": {open, `
			1s key_assist > page_supervisor assist
			9s key_assist > cancel_page
			100s tick >`},
		"CALM | meter: raised or monologue | meter on | ELEVATED: hint to the agent only": {open, `1s hint > enter ELEVATED; agent_hint`},
		"CALM | meter | meter off | nothing":                                              {Limits{}, `1s hint >`},
		"ELEVATED | 60 s without a hint | – | CALM": {open, `
			1s hint > enter ELEVATED; agent_hint
			31s hint >
			90s tick >
			91s tick > enter CALM`},
		"CALM, ELEVATED | warn | ≥ 10 s after answer; n = 0 | W1": {open, `
			1s hint > enter ELEVATED; agent_hint
			9999ms key_warn > refuse too_soon
			10s key_warn > enter W1; play_prompt warning-1`},
		"same | warn | n = 1, ≥ 10 s since W1 ended and ≥ 3 s caller speech since | W2": {open, toObs1 + `
			20s spoke 2999ms >
			27999ms key_warn > refuse too_soon
			28s key_warn > refuse customer_silent
			29s spoke 1ms >
			29s key_warn > enter W2; play_prompt warning-2`},
		"W2 also from CALM with n = 1": {open, toObs1 + `
			20s spoke 3s >
			21s key_settled > enter CALM; confirmed
			900s key_warn > enter W2; play_prompt warning-2`},
		"W2 from ELEVATED with n = 1": {open, toObs1 + `
			20s spoke 3s >
			21s key_settled > enter CALM; confirmed
			30s hint > enter ELEVATED; agent_hint
			31s key_warn > enter W2; play_prompt warning-2`},
		"caller speech before W1 ended does not count": {open, `
			9s spoke 9s >
			10s key_warn > enter W1; play_prompt warning-1
			12s spoke 6s >
			18s prompt_ended > enter OBS1
			30s key_warn > refuse customer_silent`},
		"OBS2 | warn | n ≥ 2 | W2 again": {open, toObs2 + `
			37s key_warn > refuse too_soon
			46s key_warn > refuse customer_silent
			46s spoke 3s > enter PERMIT; permit_opened
			226s tick > permit_closed; enter OBS2
			230s key_warn > enter W2; play_prompt warning-2
			238s prompt_ended > enter OBS2
			239s spoke 3s >
			248s tick > enter PERMIT; permit_opened`},
		"W1 | prompt ends | – | n+1; OBS1": {open, toObs1},
		"W2 | prompt ends | – | n+1; OBS2": {open, toObs2},
		"a warning that was not heard to its end is none": {open, toW1 + `
			12s prompt_ended cut > enter CALM
			13s key_warn > enter W1; play_prompt warning-1`},
		"OBS1 | settled key | – | CALM, n kept": {open, toObs1 + `
			20s key_settled > enter CALM; confirmed
			21s caller_gone > enter ENDED; end_call customer_after_warning L1`},
		"OBS1 | 120 s without hint or key | – | CALM": {open, toObs1 + `
			100s hint >
			150s key_step_back > toggle_step_back
			269s tick >
			270s tick > enter CALM`},
		"OBS2 | settled key | – | CALM, n kept": {open, toObs2 + `
			37s key_settled > enter CALM; confirmed
			60s spoke 3s >
			61s key_warn > enter W2; play_prompt warning-2`},
		"OBS2 | 120 s without hint or key | – | CALM": {open, toObs2 + `
			156s tick > enter CALM`},
		"OBS2 | 10 s and ≥ 3 s caller speech, both since the last warning ended | not CRISIS | PERMIT": {open, toObs2 + `
			38s spoke 3s >
			45999ms tick >
			46s tick > enter PERMIT; permit_opened`},
		"PERMIT waits for the caller's word": {open, toObs2 + `
			50s spoke 2s >
			60s spoke 1s > enter PERMIT; permit_opened`},
		"PERMIT | end key | not an emergency queue | FAREWELL → BYE to both → ENDED protected_disconnect, L2": {open, toFarewell + `
			58s prompt_ended > enter ENDED; end_call protected_disconnect L2`},
		"PERMIT | on-hook | not an emergency queue | FAREWELL → ENDED protected_disconnect, L2": {open, toPermit + `
			50s on_hook > permit_closed; enter FAREWELL; play_prompt farewell
			51s key_settled >
			58s prompt_ended > enter ENDED; end_call protected_disconnect L2`},
		"PERMIT | 180 s unused | – | OBS2, closed until one more warning has completed": {open, toPermit + `
			225s tick >
			226s tick > permit_closed; enter OBS2
			227s spoke 60s >
			300s key_end > refuse no_permit
			346s hint >
			419s key_warn > enter W2; play_prompt warning-2`},
		"PERMIT | settled key | CALM, n kept": {open, toPermit + `
			50s key_settled > permit_closed; enter CALM; confirmed
			51s key_end > refuse no_permit
			52s caller_gone > enter ENDED; end_call customer_after_warning L1`},
		"PERMIT | warn | not needed": {open, toPermit + "\n50s key_warn > refuse permit_open"},
		"FAREWELL | settled key while the agent's leg is up, within the prompt | – | OBS2": {open, toFarewell + `
			52s key_settled > stop_prompt; enter OBS2; confirmed
			70s spoke 9s >
			71s key_end > refuse no_permit
			72s key_warn > enter W2; play_prompt warning-2`},
		"FAREWELL | otherwise | ENDED": {open, toFarewell + `
			51s on_hook >
			52s key_settled >
			58s prompt_ended cut > enter ENDED; end_call protected_disconnect L2`},
		"FAREWELL | agent's leg lost | the ending the agent chose": {open, toFarewell + `
			51s agent_lost >
			58s prompt_ended > enter ENDED; end_call protected_disconnect L2`},
		"FAREWELL | keys that come too late": {open, toFarewell + `
			51s key_end > refuse speaking
			51s key_warn > refuse speaking
			51s key_one_strike > refuse speaking`},
		"FAREWELL | caller hangs up | ENDED protected_disconnect, L2": {open, toFarewell + `
			52s caller_gone > stop_prompt; enter ENDED; end_call protected_disconnect L2`},
		"n ≥ 1, any live state | caller hangs up | – | ENDED customer_after_warning, L1": {open, toObs1 + `
			20s caller_gone > enter ENDED; end_call customer_after_warning L1`},
		"n = 0 | caller hangs up | – | ENDED caller_ended, no rest": {open, `
			20s caller_gone > enter ENDED; end_call caller_ended`},
		"W1 not completed: n = 0 | caller hangs up": {open, toW1 + `
			12s caller_gone > stop_prompt; enter ENDED; end_call caller_ended`},
		"emergency queue | any way to FAREWELL | – | transfer to the supervisor instead; W2 does not threaten an ending": {emergency, toObs1 + `
			25s spoke 3s >
			28s key_warn > enter W2; play_prompt warning-2-emergency
			36s prompt_ended > enter OBS2
			40s spoke 3s >
			46s tick > enter PERMIT; permit_opened
			50s key_end > permit_closed; enter ENDED; to_supervisor emergency transferred L2
			51s key_end > refuse over`},
		"W1, W2 | settled, warn, end | the prompt is heard out": {open, toW1 + `
			11s key_settled > refuse speaking
			12s key_warn > refuse speaking
			13s key_end > refuse no_permit
			18s prompt_ended > enter OBS1`},
	} {
		t.Run(name, func(t *testing.T) { play(t, New(Policy{}, c.limits, dawn), c.transcript) })
	}
}

// The acceptance tests of protection.md §2 as far as the ladder decides them.
func TestAcceptance(t *testing.T) {
	emergency := Limits{Emergency: true, Notice: true}
	for name, c := range map[string]struct {
		limits     Limits
		transcript string
	}{
		"29. *91 → W1 audio heard by customer complete": {open, toObs1},
		"30. *92 before 10 s → error beep, state unchanged": {open, toObs1 + `
			22s spoke 5s >
			27s key_warn > refuse too_soon
			28s key_warn > enter W2; play_prompt warning-2`},
		"31. *92 after 10 s but customer silent → refused customer_silent": {open, toObs1 + `
			29s key_warn > refuse customer_silent`},
		"32. full ladder → protected_disconnect": {open, toFarewell + `
			58s prompt_ended > enter ENDED; end_call protected_disconnect L2`},
		"33. *93 without PERMIT → refused, call unaffected": {open, `
			12s key_end > refuse no_permit
			13s key_end > refuse no_permit`},
		"34. *94 # → the call ends after the one-strike prompt": {open, `
			2s key_one_strike > confirmed
			3s key_confirm > enter FAREWELL; play_prompt one-strike
			9s prompt_ended > enter ENDED; end_call one_strike L3`},
		"35. *97 then *93, *94, 20-min timer → no disconnect; supervisor paged": {open, toPermit + `
			47s key_crisis > permit_closed; enter CRISIS; page_supervisor crisis
			48s key_end > refuse crisis
			49s key_one_strike > refuse crisis
			50s key_confirm >
			1247s tick >
			1248s key_crisis > page_supervisor crisis
			1249s key_assist > page_supervisor crisis`},
		"36. emergency queue + full ladder → transfer to supervisor, no BYE": {emergency, `
			10s key_warn > enter W1; play_prompt warning-1
			18s prompt_ended > enter OBS1
			25s spoke 3s >
			28s key_warn > enter W2; play_prompt warning-2-emergency
			36s prompt_ended > enter OBS2
			46s spoke 3s > enter PERMIT; permit_opened
			47s key_end > permit_closed; enter ENDED; to_supervisor emergency transferred L2`},
		"37. permit lapses after 180 s, also when the tick is late": {open, toPermit + `
			227s key_end > permit_closed; enter OBS2; refuse no_permit`},
		"38. customer hangs up in W2 → L1 cooldown": {open, toW2 + `
			30s caller_gone > stop_prompt; enter ENDED; end_call customer_after_warning L1`},
		"41. agent leg lost in W2 → customer returns to queue": {open, toW2 + `
			30s agent_lost > stop_prompt; enter ENDED; rescue agent_lost L1`},
	} {
		t.Run(name, func(t *testing.T) { play(t, New(Policy{}, c.limits, dawn), c.transcript) })
	}
}

// Going on-hook is judged by state (protection.md, decision 4).
func TestOnHookIsJudgedByStage(t *testing.T) {
	emergency := Limits{Emergency: true}
	for name, c := range map[string]struct {
		limits     Limits
		transcript string
	}{
		"without a permit the caller hears the closing": {open, `3s on_hook > enter ENDED; close_call agent_finished`},
		"in W1 as well":   {open, toW1 + "\n11s on_hook > stop_prompt; enter ENDED; close_call agent_finished"},
		"in OBS2 as well": {open, toObs2 + "\n37s on_hook > enter ENDED; close_call agent_finished"},
		"in PERMIT it is the permitted hang-up": {open, toPermit + `
			47s on_hook > permit_closed; enter FAREWELL; play_prompt farewell`},
		"after the permit lapsed it is not": {open, toPermit + `
			226s on_hook > permit_closed; enter OBS2; enter ENDED; close_call agent_finished`},
		"in CRISIS it is a rescue":   {open, toCrisis + "\n6s on_hook > enter ENDED; rescue crisis agent_finished L3; page_supervisor crisis"},
		"lost in CRISIS":             {open, toCrisis + "\n6s agent_lost > enter ENDED; rescue crisis agent_lost L3; page_supervisor crisis"},
		"caller gone in CRISIS":      {open, toCrisis + "\n6s caller_gone > enter ENDED; end_call caller_ended L3"},
		"in an emergency queue too":  {emergency, "6s on_hook > enter ENDED; rescue emergency agent_finished; page_supervisor emergency"},
		"lost in an emergency queue": {emergency, "6s agent_lost > enter ENDED; rescue emergency agent_lost; page_supervisor emergency"},
		"an emergency queue's permit is no way out either": {emergency, toObs1 + `
			25s spoke 3s >
			28s key_warn > enter W2; play_prompt warning-2-emergency
			36s prompt_ended > enter OBS2
			46s spoke 3s > enter PERMIT; permit_opened
			47s on_hook > permit_closed; enter ENDED; rescue emergency agent_finished; page_supervisor emergency`},
		"a lost phone is not a hang-up": {open, "6s agent_lost > enter ENDED; rescue agent_lost"},
		"a page that nobody needs any more is called off": {open, `
			6s key_assist > page_supervisor assist
			7s on_hook > cancel_page; enter ENDED; close_call agent_finished
			8s caller_gone >`},
	} {
		t.Run(name, func(t *testing.T) { play(t, New(Policy{}, c.limits, dawn), c.transcript) })
	}
}

func TestSmallKeys(t *testing.T) {
	t.Run("step-back works from the first second, in CRISIS too", func(t *testing.T) {
		play(t, New(Policy{}, open, dawn), "0s key_step_back > toggle_step_back"+toCrisis+"\n6s key_step_back > toggle_step_back")
	})
	t.Run("bookmarks", func(t *testing.T) {
		play(t, New(Policy{}, open, dawn), "0s key_bookmark > bookmark_audio\n1s key_compliment > bookmark_thanks")
	})
	t.Run("nothing is kept without the notice, but a thank-you is", func(t *testing.T) {
		play(t, New(Policy{}, Limits{}, dawn), "0s key_bookmark > refuse notice_missing\n1s key_compliment > bookmark_thanks")
	})
	t.Run("an unknown code is refused with the reason", func(t *testing.T) {
		play(t, New(Policy{}, open, dawn), "0s key_unknown > refuse unknown_key")
	})
}

func TestWarningsAreCarriedIn(t *testing.T) {
	l := New(Policy{}, Limits{Warnings: 1}, dawn)
	if !l.Protected() || l.Warnings() != 1 || l.Rest() != 1 {
		t.Errorf("protected %t, warnings %d, rest %d; want true, 1, 1", l.Protected(), l.Warnings(), l.Rest())
	}
	play(t, l, `
		9s spoke 3s >
		9s key_warn > refuse too_soon
		10s key_warn > enter W2; play_prompt warning-2
		18s prompt_ended > enter OBS2
		28s spoke 3s > enter PERMIT; permit_opened`)
	if l.Warnings() != 2 {
		t.Errorf("warnings %d, want 2", l.Warnings())
	}
}

func TestWhereItStands(t *testing.T) {
	l := New(Policy{}, open, dawn)
	for _, c := range []struct {
		transcript           string
		stage                Stage
		next                 time.Duration // zero = never
		supervised, shielded bool
		rest                 int
	}{
		{"1s hint > enter ELEVATED; agent_hint", Elevated, 61 * time.Second, false, false, 0},
		{"2s key_assist > page_supervisor assist", Elevated, 61 * time.Second, true, false, 0},
		{"3s hint >", Elevated, 62 * time.Second, true, false, 0},
		{"10s key_warn > enter W1; play_prompt warning-1", W1, 62 * time.Second, true, true, 0},
		{"11s supervisor_in >", W1, 0, true, true, 0},
		{"18s prompt_ended > enter OBS1", Obs1, 138 * time.Second, true, true, 1},
		{"19s supervisor_out >", Obs1, 138 * time.Second, false, true, 1}, // neither hint nor key
	} {
		play(t, l, c.transcript)
		var next time.Duration
		if at := l.Next(); !at.IsZero() {
			next = at.Sub(dawn)
		}
		if l.Stage() != c.stage || next != c.next || l.Supervised() != c.supervised || l.Protected() != c.shielded || l.Rest() != c.rest {
			t.Errorf("after %q: stage %v, next %v, supervised %t, protected %t, rest %d; want %+v",
				c.transcript, l.Stage(), next, l.Supervised(), l.Protected(), l.Rest(), c)
		}
	}
}

func TestACrisisGoesOnWithWhoeverAnswersNext(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	l := New(Policy{}, Limits{Crisis: true, Notice: true}, start)
	if l.Stage() != Crisis || !l.Protected() {
		t.Fatalf("stage %s, protected %v; want a protected CRISIS", l.Stage(), l.Protected())
	}
	did := l.Step(start.Add(time.Minute), Observation{Kind: OnHook})
	if len(did) == 0 || !has(did, Rescue) || has(did, EndCall, CloseCall) {
		t.Fatalf("on-hook did %v, want a rescue and no ending", did)
	}
}
