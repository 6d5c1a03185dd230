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
	sayLoggedIn   = "logged-in"
	sayPage       = "supervisor-page"
	sayPageCrisis = "supervisor-page-crisis"
	sayPageRescue = "supervisor-page-rescue"
	sayCrisisHere = "supervisor-crisis"
	sayListening  = "supervisor-listens"
	sayWhispering = "supervisor-whispers"
	sayJoining    = "supervisor-joins"

	sayCallbackOffer       = "callback-offer"
	sayCallbackNumber      = "callback-number"
	sayConfirmOrAgain      = "confirm-or-again"
	sayCallbackEnter       = "callback-enter"
	sayCallbackRefused     = "callback-refused"
	sayCallbackEnough      = "callback-enough"
	sayCallbackKept        = "callback-kept"
	sayCallbackDay         = "callback-day"
	sayCallbackHour        = "callback-hour"
	sayCallbackHourRefused = "callback-hour-refused"
	sayCallbackOn          = "callback-on"
	sayCallbackClock       = "callback-clock"
	sayCallbackHere        = "callback-here"
	sayCallbackSorry       = "callback-sorry"
	sayCallbackAgent       = "callback-agent"
	sayCallbackUnreached   = "callback-unreached"

	sayVoicemailOffer = "voicemail-offer"
	sayVoicemailFull  = "voicemail-full"
	sayVoicemailNone  = "voicemail-none"
	sayVoicemailLeave = "voicemail-leave"
	sayVoicemailKept  = "voicemail-kept"
	sayVoicemailAgent = "voicemail-agent"
	sayTrouble        = "technical-problem"

	sayExpectedWait = "expected-wait"

	sayTalkWanted  = "talk-wanted"
	sayTalkTake    = "talk-take"
	sayTalkTaken   = "talk-taken"
	sayTalkConnect = "talk-connect"

	sayNobodyTalks = "nobody-talks-there"
	sayNotNow      = "not-possible-now"
	sayPlaceKept   = "comfort-1"

	toneZip     = "tone-zip"
	toneBeep    = "tone-beep"
	toneConfirm = "tone-confirm"
	tonePermit  = "tone-permit"
	toneRinging = "tone-ringing"

	toneSupervisor     = "tone-supervisor"
	toneSupervisorGone = "tone-supervisor-gone"
)
