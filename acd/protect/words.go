package protect

import "strconv"

// String gives the name of the stage as protection.md §1.2 writes it.
func (s Stage) String() string { return word(stages[:], int(s), "stage") }

// String gives the word used in records: key_warn, prompt_ended.
func (s Seen) String() string { return word(sights[:], int(s), "seen") }

// String gives the word used in records: play_prompt, end_call.
func (d Do) String() string { return word(deeds[:], int(d), "do") }

// IsKey tells whether the agent did it with a key.
func (s Seen) IsKey() bool {
	return s >= KeyWarn && s <= KeyCompliment || s == KeyUnknown
}

func word(words []string, i int, kind string) string {
	if i < len(words) && words[i] != "" {
		return words[i]
	}
	return kind + "(" + strconv.Itoa(i) + ")"
}

var stages = [...]string{
	Calm: "CALM", Elevated: "ELEVATED", W1: "W1", Obs1: "OBS1", W2: "W2", Obs2: "OBS2",
	Permit: "PERMIT", Farewell: "FAREWELL", Over: "ENDED", Crisis: "CRISIS",
}

var sights = [...]string{
	KeyWarn: "key_warn", KeySettled: "key_settled", KeyEnd: "key_end", KeyOneStrike: "key_one_strike",
	KeyConfirm: "key_confirm", KeyAssist: "key_assist", KeyStepBack: "key_step_back", KeyCrisis: "key_crisis",
	KeyBookmark: "key_bookmark", KeyCompliment: "key_compliment", PromptEnded: "prompt_ended", Spoke: "spoke",
	Hint: "hint", SupervisorIn: "supervisor_in", SupervisorOut: "supervisor_out",
	SupervisorLeft: "supervisor_left", OnHook: "on_hook",
	AgentLost: "agent_lost", CallerGone: "caller_gone", Tick: "tick", KeyUnknown: "key_unknown",
}

var deeds = [...]string{
	PlayPrompt: "play_prompt", StopPrompt: "stop_prompt", Refuse: "refuse", Confirmed: "confirmed",
	PermitOpened: "permit_opened", PermitClosed: "permit_closed", AgentHint: "agent_hint",
	ToggleStepBack: "toggle_step_back", PageSupervisor: "page_supervisor", CancelPage: "cancel_page",
	BookmarkAudio: "bookmark_audio", BookmarkThanks: "bookmark_thanks", EndCall: "end_call",
	ToSupervisor: "to_supervisor", CloseCall: "close_call", Rescue: "rescue",
	CountAssistMissed: "count_assist_missed", Enter: "enter",
}
