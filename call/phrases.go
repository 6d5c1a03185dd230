package call

// What the system says outside menus: ids of media/prompt. A test holds them
// against the book in every language.
const (
	sayNotice     = "notice"
	sayHuman      = "human"
	sayGoodbye    = "goodbye"
	sayClosing    = "closing"
	sayLost       = "agent-lost"
	sayHolding    = "crisis-hold"
	sayFull       = "queue-full"
	sayNoAgents   = "no-agents"
	sayQueueEnd   = "queue-closed"
	sayUnanswered = "no-answer"
	sayPage       = "supervisor-page"

	toneZip     = "tone-zip"
	toneBeep    = "tone-beep"
	toneConfirm = "tone-confirm"
	tonePermit  = "tone-permit"
	toneRinging = "tone-ringing"
)
