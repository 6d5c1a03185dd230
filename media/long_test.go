package media

import (
	"testing"
	"time"

	"breakwater/media/guard"
	"breakwater/media/meter"
)

// An hour of a conversation, in the time that its packets take: nothing that counts packets
// or samples may come to an end.
func TestAConversationGoesOnForAnHour(t *testing.T) {
	const hour = 50 * 3600 // packets of each
	e := openEngine(t, 2)
	caller, agent := newPhone(t, e, PCMA), newPhone(t, e, PCMU)
	caller.port.Meter(meter.Settings{})
	agent.port.Protect(guard.Settings{})
	join(t, e, caller, agent)
	said := sentences(t, 20*time.Second)
	toAgent, toCaller := 0, 0
	agent.port.do(func(l *loop) {
		present := l.now
		for i := range hour {
			frame := said[i*160%len(said):][:160]
			before := agent.port.out.sent
			caller.hands(l, frame)
			toAgent += int(agent.port.out.sent - before)
			before = caller.port.out.sent
			agent.hands(l, frame)
			toCaller += int(caller.port.out.sent - before)
			l.now += int64(20 * time.Millisecond)
		}
		l.now = present
	})
	if toAgent != hour || toCaller != hour {
		t.Errorf("of %d packets each the agent got %d and the caller %d", hour, toAgent, toCaller)
	}
	if q := caller.port.Quality(); q.Lost != 0 || q.Received != hour {
		t.Errorf("received %d, lost %d of %d", q.Received, q.Lost, hour)
	}
}
