package house_test

import (
	"net/netip"
	"testing"

	"breakwater/acd"
	"breakwater/sip/siptest"
)

// What a working day brings, and who is logged in stays it.

// at lets a phone have another address of this machine.
func at(address string) func(*siptest.Options) {
	return func(o *siptest.Options) { o.Local = netip.MustParseAddr(address) }
}

func TestALogInSurvivesWhatHappensToThePhone(t *testing.T) {
	for name, back := range map[string]func(s *stage, anna *person) *person{
		"a reboot": func(s *stage, anna *person) *person {
			s.does("the phone unregisters", anna.phone.Unregister)
			anna.phone.Close()
			return s.desk("anna")
		},
		"a cable that was pulled, and another port": func(s *stage, anna *person) *person {
			anna.phone.Vanish()
			return s.desk("anna")
		},
		"another address": func(s *stage, anna *person) *person {
			anna.phone.Vanish()
			return s.desk("anna", at("127.0.0.3"))
		},
		"another transport": func(s *stage, anna *person) *person {
			s.does("the phone unregisters", anna.phone.Unregister)
			return s.desk("anna", func(o *siptest.Options) { o.Transport = "tcp" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "t1", "20ms")
			anna := back(s, s.seat("anna"))
			if v := s.agent("anna"); v.State != acd.Ready || v.Phone != "201" {
				t.Fatalf("anna is %s at %q, want ready at 201", v.State, v.Phone)
			}
			s.connects("8100", anna).hangsUp()
			anna.isCut()
		})
	}
}

// TestTwoDevicesAreOneDesk: both ring, one answers, the other stops, and it was one offer.
func TestTwoDevicesAreOneDesk(t *testing.T) {
	s := open(t)
	desk := s.seat("anna")
	handy := s.desk("anna", at("127.0.0.3"))
	for _, devices := range [][2]*person{{desk, handy}, {handy, desk}} {
		answers, other := devices[0], devices[1]
		caller := s.caller("8100")
		answers.rings()
		other.rings()
		answers.answers()
		other.isCut()
		s.talk(caller, answers)
		caller.hangsUp()
		answers.isCut()
		caller.wasOffered("anna answered")
		s.becomes("anna", acd.WrapUp)
		s.becomes("anna", acd.Ready)
	}
}

func TestALogInSurvivesARestartOfTheServer(t *testing.T) {
	s := open(t)
	crew := s.seats("anna", "ben")
	if err := crew[1].dialsCode("*14", "1"); err != nil {
		t.Fatal(err)
	}
	s.becomes("ben", acd.NotReady)
	s.stops()
	s.opens()
	for name, want := range map[string]acd.AgentState{"anna": acd.Ready, "ben": acd.NotReady} {
		if v := s.agent(name); v.State != want || v.Phone != desks[name].phone {
			t.Errorf("%s is %s at %q, want %s at %s", name, v.State, v.Phone, want, desks[name].phone)
		}
	}
	anna := s.desk("anna") // the port of the server may be another: it registers anew
	s.city = s.phone(siptest.Options{Name: "city", Local: carrier})
	s.connects("8100", anna).hangsUp()
	anna.isCut()
}
