package figures

import "time"

// QueueFigures are the figures of one queue in one period. They hold everything that
// happened, protected or not, and nobody's name.
type QueueFigures struct {
	Queue      string     `json:"queue"`
	Callers    Callers    `json:"callers"`
	Level      Level      `json:"service_level"`
	Waits      Waits      `json:"waits"`
	Handling   Handling   `json:"handling"`
	Offers     Offers     `json:"offers"`
	Protection Protection `json:"protection"`
}

// Callers are counts.
type Callers struct {
	Entered   int   `json:"entered"` // on the line, or to be called back without having been on it
	Offered   int   `json:"offered"` // entered without those who hung up at once
	Refused   int   `json:"refused"` // kept out by a limit
	Answered  int   `json:"answered"`
	Abandoned int   `json:"abandoned"` // hung up while waiting, short ones too
	Short     int   `json:"short_abandons"`
	Removed   int   `json:"removed"`          // taken out by a limit
	Elsewhere int   `json:"elsewhere"`        // left the queue of their own accord for a callback, a menu, a voicemail
	CutOff    int   `json:"cut_off"`          // waited when the server ended
	Parked    int   `json:"callbacks"`        // began to wait for a callback, from the line or without ever being on it
	Direct    int   `json:"callbacks_direct"` // of those: from a menu, the web or for a time, never on the line
	Back      int   `json:"callbacks_reached"`
	NotBack   int   `json:"callbacks_given_up"`
	Messages  int   `json:"messages"`       // left
	Heard     int   `json:"messages_heard"` // by an agent, or answered by calling back
	Unheard   int   `json:"messages_given_up"`
	Again     int   `json:"came_again"`
	Wanted    int   `json:"wanted_more"` // of those, by pressing 1 in the closing
	Repeats   Ratio `json:"repeat_rate"` // who had called within 7 days before, of those whose number is known
	FCR       Ratio `json:"fcr"`         // first contact resolution: who did not call again within 7 days after, of those talked to whose number is known
}

// Level are the service levels side by side.
type Level struct {
	Within Span  `json:"within_seconds"` // an answer in time
	A      Ratio `json:"sl_a"`
	B      Ratio `json:"sl_b"`
	C      Ratio `json:"sl_c"`
	D      Ratio `json:"sl_d"`
}

// Waits are how long callers waited.
type Waits struct {
	ASA        Mean  `json:"asa_seconds"` // of those answered
	ATA        Mean  `json:"ata_seconds"` // of those who hung up
	Longest    Span  `json:"longest_seconds"`
	Message    Mean  `json:"message_seconds"` // from a message's end until it was heard
	Abandon    Ratio `json:"abandon_rate"`
	AbandonNet Ratio `json:"abandon_rate_net"` // without short ones
}

// Handling is what conversations took.
type Handling struct {
	Handled  int   `json:"handled"`
	ATT      Mean  `json:"att_seconds"` // talk, with hold
	Hold     Mean  `json:"hold_seconds"`
	ACW      Mean  `json:"acw_seconds"`
	AHT      Mean  `json:"aht_seconds"`
	ACWShare Ratio `json:"acw_share"`
	Transfer Ratio `json:"transfer_rate"`
}

// Offers are what offers to agents came to.
type Offers struct {
	Offers     int   `json:"offers"`
	AnswerRate Ratio `json:"answer_rate"`
	Rona       Ratio `json:"rona_rate"` // rang and was not answered, or declined
	Unanswered int   `json:"unanswered"`
	Device     int   `json:"device_faults"` // busy, unreachable, not registered: no agent's doing
	Withdrawn  int   `json:"withdrawn"`     // the caller left, or another agent answered
}

// figures computes everything from the sums.
func (s *queueSums) figures(queue string, within time.Duration, remembers bool) QueueFigures {
	came := s.visits[entered] + s.direct
	ended := s.visits[answered] + s.visits[abandoned] + s.visits[removed] + s.visits[elsewhere] + s.visits[cutOff] + s.visits[parked]
	f := QueueFigures{
		Queue: queue,
		Callers: Callers{
			Entered: came, Offered: came - s.short, Refused: s.visits[refused],
			Answered: s.visits[answered], Abandoned: s.visits[abandoned], Short: s.short, Removed: s.visits[removed],
			Elsewhere: s.visits[elsewhere], CutOff: s.visits[cutOff],
			Parked: s.visits[parked], Direct: s.direct, Back: s.visits[calledBack], NotBack: s.visits[unreached],
			Messages: s.visits[left], Heard: s.visits[heard], Unheard: s.visits[unheard], Again: s.again, Wanted: s.wanted,
		},
		Level: Level{
			Within: Span(within),
			A:      share(s.within, s.visits[answered]+s.visits[abandoned]-s.short),
			B:      share(s.within+s.left, s.visits[answered]+s.visits[abandoned]),
			C:      share(s.within, s.visits[answered]),
			D:      share(s.within, ended-s.short+s.visits[refused]),
		},
		Waits: Waits{
			ASA: Mean{s.waited, s.visits[answered]}, ATA: Mean{s.gaveUp, s.visits[abandoned]}, Longest: Span(s.longest),
			Message: Mean{s.aged, s.visits[heard]},
			Abandon: share(s.visits[abandoned], ended), AbandonNet: share(s.visits[abandoned]-s.short, ended-s.short),
		},
		Handling:   s.work.handling(),
		Offers:     s.work.asOffers(),
		Protection: s.care.figures(s.work.talks),
	}
	if remembers {
		f.Callers.Repeats = share(s.known.repeats, s.known.callers)
	}
	return f
}

func (s *workSums) handling() Handling {
	return Handling{
		Handled: s.talks, ATT: Mean{s.talk, s.talks}, Hold: Mean{s.held, s.talks}, ACW: Mean{s.wrap, s.talks},
		AHT: Mean{s.talk + s.wrap, s.talks}, ACWShare: part(s.wrap, s.talk+s.wrap), Transfer: share(s.transferred, s.talks),
	}
}

// asOffers leaves out of the rates what was no agent's doing.
func (s *workSums) asOffers() Offers {
	judged := s.talks + s.misses[missAgent]
	return Offers{
		Offers: s.offers, AnswerRate: share(s.talks, judged), Rona: share(s.misses[missAgent], judged),
		Unanswered: s.misses[missAgent], Device: s.misses[missDevice], Withdrawn: s.misses[missNobody],
	}
}

// Load is the traffic of a period, for staffing: callers who came for an answer, and what
// one took.
func (f QueueFigures) Load(per time.Duration) Load {
	aht, _ := f.Handling.AHT.Value()
	return Load{Calls: float64(f.Callers.Offered + f.Callers.Refused), Per: per, AHT: aht}
}
