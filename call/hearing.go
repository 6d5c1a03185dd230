package call

import (
	"breakwater/media"
	"breakwater/media/guard"
	"breakwater/media/meter"
)

// Hearing is how the ears of everybody at one of our phones are protected.
type Hearing struct {
	Off   bool           `yaml:"off"`   // true = no hearing guard; agents are told so when they log in
	Guard guard.Settings `yaml:"guard"` // what is too loud, too sudden or too shrill

	Dose     guard.DoseSettings       `yaml:"dose"`     // how much sound a working day may bring
	Meter    meter.Settings           `yaml:"meter"`    // measures a raised voice, for a hint to the agent alone
	Headsets map[string]guard.Profile `yaml:"headsets"` // by name: what agents wear; an agent without one has dose.profile
}

// WithDefaults fills what is not set.
func (h Hearing) WithDefaults() Hearing {
	h.Guard, h.Dose, h.Meter = h.Guard.WithDefaults(), h.Dose.WithDefaults(), h.Meter.WithDefaults()
	return h
}

// Check says what is wrong, by key.
func (h Hearing) Check() map[string]string {
	wrong := map[string]string{}
	under := func(prefix string, problems map[string]string) {
		for key, sentence := range problems {
			wrong[prefix+"."+key] = sentence
		}
	}
	under("guard", h.Guard.Check())
	under("dose", h.Dose.Check())
	under("meter", h.Meter.Check())
	for name, worn := range h.Headsets {
		under("headsets."+name, worn.Check())
	}
	return wrong
}

// Ears is how a call protects the ear at a leg. The engine is behind it (EarsOver).
type Ears interface {
	// Protect puts the hearing guard before the ear, for the leg's life. Doing it twice
	// is harmless.
	Protect(leg Leg, s guard.Settings)
	// StepBack makes what the ear gets softer and less sharp, or takes that back.
	StepBack(leg Leg, on bool)
	// Exposure is what the ear was spared and got so far; zero when it is not protected.
	Exposure(leg Leg) media.Exposure
}

// EarsOver is Ears over real ports.
func EarsOver() Ears { return portEars{} }

type portEars struct{}

func (portEars) Protect(leg Leg, s guard.Settings) {
	if p := leg.Port(); p != nil {
		p.Protect(s)
	}
}

func (portEars) StepBack(leg Leg, on bool) {
	if p := leg.Port(); p != nil {
		p.StepBack(on)
	}
}

func (portEars) Exposure(leg Leg) media.Exposure {
	if p := leg.Port(); p != nil {
		return p.Exposure()
	}
	return media.Exposure{}
}

// shield protects the ear at one of our phones. A caller from outside wears no headset
// that we answer for.
func (c *Call) shield(s *side) {
	if s.Party().Phone != "" && !c.plan.Hearing.Off {
		c.x.parts.Ears.Protect(s, c.plan.Hearing.Guard)
	}
}
