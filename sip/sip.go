// Package sip turns the wire into legs and registrations. It knows phones, trunks
// and dialogs; it does not know what a queue or a menu is.
package sip

import (
	"log/slog"
	"time"

	"breakwater/call"
	"breakwater/media"
)

// Settings of the wire.
type Settings struct {
	Listen         []Listener    `yaml:"listen"`          // default udp and tcp on all addresses, port 5060
	Realm          string        `yaml:"realm"`           // of digest challenges; default breakwater
	LocalNets      []string      `yaml:"local_nets"`      // prefixes that are given local addresses even where advertise is set
	MinExpiry      time.Duration `yaml:"min_expiry"`      // default 60s
	MaxExpiry      time.Duration `yaml:"max_expiry"`      // default 3600s
	Qualify        time.Duration `yaml:"qualify"`         // OPTIONS to each binding; default 30s
	T1             time.Duration `yaml:"t1"`              // RFC 3261 §17.1.1.1; default 500ms
	SessionExpires time.Duration `yaml:"session_expires"` // RFC 4028; default 1800s
	MinSE          time.Duration `yaml:"min_se"`          // default 90s
	Silence        time.Duration `yaml:"silence"`         // RTP and RTCP silence outside hold until the in-dialog probe; default 10s
	MaxCalls       int           `yaml:"max_calls"`       // legs at once before new calls are refused; default 10000
	RatePerSource  float64       `yaml:"rate_per_source"` // requests a second from a source that is neither trunk nor authenticated; default 20
	Late           Late          `yaml:"late"`            // how late the server may be before it refuses new calls of trunks
}

// Late is how late the server may be, each by the least mean of the last three twentieths
// of a second. Beyond a bound a share of the new calls of trunks gets 503 with Retry-After,
// all of them at twice the bound, and fewer and fewer when it has been in time again for some
// seconds. Calls in progress, registrations and the agents' phones go on.
type Late struct {
	Off      bool          `yaml:"off"`      // never refuse because of it; default false
	Messages time.Duration `yaml:"messages"` // from a SIP message's arrival to its handling; default 100ms
	Sound    time.Duration `yaml:"sound"`    // of prompts, mixes and the other work of the sound's loops; default 20ms
	Floor    time.Duration `yaml:"floor"`    // that an errand waits for the floor; default 100ms
}

// Listener is one address and transport.
type Listener struct {
	Transport string `yaml:"transport"` // udp, tcp
	Address   string `yaml:"address"`   // ip:port; [::]:5060 and 0.0.0.0:5060 are all addresses
	Advertise string `yaml:"advertise"` // address put into Via, Contact and SDP towards peers outside local_nets
}

// PhoneSpec is a device that may register.
type PhoneSpec struct {
	Name        string `yaml:"-"` // user part of its address of record and its digest user name
	Password    string `yaml:"password" secret:"true"`
	Digest      string `yaml:"digest"`       // md5 (default), sha256, both
	MaxContacts int    `yaml:"max_contacts"` // default 5
	Wideband    bool   `yaml:"wideband"`     // offered G.722, 7 kHz of sound, before G.711, and may answer or call with it; default false
}

// TrunkSpec is a carrier or another PBX.
type TrunkSpec struct {
	Name      string        `yaml:"-"`
	Addresses []string      `yaml:"addresses"` // prefixes or IPs it calls from
	Proxy     string        `yaml:"proxy"`     // host:port we send calls to
	Transport string        `yaml:"transport"` // udp (default), tcp
	User      string        `yaml:"user"`      // for digest, both directions
	Password  string        `yaml:"password" secret:"true"`
	Digest    string        `yaml:"digest"`   // md5 (default), sha256, both
	Register  bool          `yaml:"register"` // we register there
	Expires   time.Duration `yaml:"expires"`  // default 300s
	From      string        `yaml:"from"`     // caller number when the call has none

	InbandDigits string `yaml:"inband_digits"` // look for callers' keys in their sound: always, never, or auto (default), where no telephone-events were agreed
}

// Plan is what a config edit replaces at once.
type Plan struct {
	Settings Settings
	Phones   map[string]PhoneSpec
	Trunks   map[string]TrunkSpec
}

// Switchboard is who takes incoming calls. call.Exchange implements it.
type Switchboard interface {
	// Incoming gives away a new incoming leg. false = refuse it with 503: too many calls.
	Incoming(leg call.Leg) bool
	// PhoneReachable tells when a phone gains its first or loses its last usable contact.
	PhoneReachable(phone string, yes bool)
}

// Parts are what a Server needs of the house.
type Parts struct {
	Engine    *media.Engine
	Directory call.Directory
	Log       *slog.Logger
	Floor     func() (times uint64, late time.Duration) // how often who routes calls began something, and how late altogether; nil = nobody asks
}

// PhoneView is a phone as others may see it.
type PhoneView struct {
	Name      string    `json:"name"`
	Reachable bool      `json:"reachable"`
	Contacts  []string  `json:"contacts"`
	UserAgent string    `json:"user_agent,omitempty"`
	Expires   time.Time `json:"expires,omitzero"`
}

// Counters for metrics and tests; every one only grows but Legs, Transactions and Mailboxes.
type Counters struct {
	Legs, Transactions, Mailboxes                         int
	Requests, Malformed, RateLimited, Overload, Strangers uint64
	AuthFailures, MailboxFull, Panics                     uint64
	Unstored                                              uint64 // registrations accepted while the store failed
	TooLate                                               uint64 // new calls of trunks refused because the server was late; also in Overload
}
