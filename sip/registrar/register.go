package registrar

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/call"
	"breakwater/sip/wire"
)

// Decision is the answer to a REGISTER. Its owner stores Changes, then commits,
// then sends the response; if storing fails it answers 500 and nothing has
// changed.
type Decision struct {
	Status  int
	Reason  string
	Headers []sip.Header // to add to the response
	Changes []Change     // empty for a query or a refusal

	aor      string
	revision uint64
	next     []*binding // what the phone's bindings become
	commit   bool       // false: nothing to commit
}

func refuse(status int, reason string, headers ...sip.Header) Decision {
	return Decision{Status: status, Reason: reason, Headers: headers}
}

// Register decides what a REGISTER does. Nothing changes before Commit.
func (b *Book) Register(now time.Time, r Request) Decision {
	aor, d, ok := addressOfRecord(r)
	if !ok {
		return d
	}
	b.mu.Lock()
	var before []*binding
	var revision uint64
	if e := b.phones[aor]; e != nil {
		before = slices.DeleteFunc(slices.Clone(e.bindings), func(x *binding) bool { return !x.expires.After(now) })
		revision = e.revision
	}
	b.mu.Unlock()

	v := visit{now: now, req: r, rules: r.Rules.withDefaults(), aor: aor, before: before}
	d = v.decide()
	d.aor, d.revision = aor, revision
	return d
}

// Commit makes a decision true. It is false when the phone's bindings changed
// since Register: decide again. Decisions without changes always commit.
func (b *Book) Commit(d Decision) (turns []Turn, ok bool) {
	if !d.commit {
		return nil, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry(d.aor)
	if e.revision != d.revision {
		return nil, false
	}
	e.bindings = d.next
	e.revision++
	return tell(nil, d.aor, e), true
}

// Repair tells what to store so that a store which has carried out changes agrees
// with the book again: after changes whose Commit was refused, after a store that
// failed half-way, and after removals that were stored late, when the phone may
// have come back meanwhile. It is empty when they agree.
func (b *Book) Repair(changes []Change) ([]Change, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var repairs []Change
	for _, c := range changes {
		var bound *binding
		if e := b.phones[c.Binding.AOR]; e != nil {
			if i := slices.IndexFunc(e.bindings, func(x *binding) bool { return x.id == c.Binding.ID }); i >= 0 {
				bound = e.bindings[i]
			}
		}
		if bound == nil {
			if !c.Remove {
				repairs = append(repairs, Change{Remove: true, Binding: call.Binding{AOR: c.Binding.AOR, ID: c.Binding.ID}})
			}
			continue
		}
		truth, err := bound.encode(c.Binding.AOR)
		if err != nil {
			return nil, err
		}
		if c.Remove || !truth.Expires.Equal(c.Binding.Expires) || !bytes.Equal(truth.Wire, c.Binding.Wire) {
			repairs = append(repairs, Change{Binding: truth})
		}
	}
	return repairs, nil
}

// addressOfRecord checks that a phone registers itself and nobody else.
func addressOfRecord(r Request) (aor string, d Decision, ok bool) {
	to := r.Msg.To()
	if to == nil || !isSIP(to.Address) {
		return "", refuse(sip.StatusBadRequest, "To Is Not A SIP Address"), false
	}
	user, err := url.PathUnescape(to.Address.User)
	if err != nil {
		user = to.Address.User
	}
	if user != r.Phone {
		return "", refuse(sip.StatusForbidden, "Not Your Address"), false
	}
	return r.Phone, Decision{}, true
}

// visit is one REGISTER being decided.
type visit struct {
	now    time.Time
	req    Request
	rules  Rules
	aor    string
	before []*binding // live ones

	next    []*binding
	changes []Change
	touched map[string]bool // ids that this request names
	flow    bool            // RFC 5626 was used
}

// decide walks through RFC 3261 §10.3, all or nothing.
func (v *visit) decide() Decision {
	headers := v.req.Msg.GetHeaders("Contact")
	contacts := wire.Contacts(v.req.Msg)
	if len(headers) != len(contacts) {
		return refuse(sip.StatusBadRequest, "Bad Contact")
	}
	v.next = slices.Clone(v.before)
	if len(contacts) == 0 {
		return v.accept(false)
	}
	if slices.ContainsFunc(contacts, func(c *sip.ContactHeader) bool { return c.Address.Wildcard }) {
		return v.removeAll(contacts)
	}
	if len(contacts) > v.rules.MaxContacts {
		return refuse(sip.StatusForbidden, "Too Many Contacts")
	}
	path := wire.Tokens(v.req.Msg, "Path")
	routes, err := readPath(path)
	if err != nil || len(path) > 8 {
		return refuse(sip.StatusBadRequest, "Bad Path")
	}
	v.touched = map[string]bool{}
	for _, c := range contacts {
		if d, ok := v.take(c, path, routes); !ok {
			return d
		}
	}
	v.makeRoom()
	return v.finish()
}

// take adds, refreshes or removes one contact.
func (v *visit) take(c *sip.ContactHeader, path []string, routes []sip.Uri) (Decision, bool) {
	if !isSIP(c.Address) {
		return refuse(sip.StatusBadRequest, "Contact Is Not A SIP Address"), false
	}
	life, ok := v.lifetime(c)
	if !ok {
		minimum := strconv.Itoa(int(v.rules.Min / time.Second))
		return refuse(sip.StatusIntervalToBrief, "Interval Too Brief", sip.NewHeader("Min-Expires", minimum)), false
	}
	instance, _ := wire.Param(c.Params, "+sip.instance")
	regID, _ := wire.Param(c.Params, "reg-id")
	v.flow = v.flow || instance != "" && regID != ""
	id := identity(c.Address, instance, regID)
	at := slices.IndexFunc(v.next, func(x *binding) bool { return x.id == id })
	if at >= 0 && !v.inOrder(v.next[at]) && !v.touched[id] {
		return refuse(sip.StatusInternalServerError, "CSeq Out Of Order"), false
	}
	v.touched[id] = true
	if at >= 0 {
		v.next = slices.Delete(v.next, at, at+1)
	}
	if life == 0 {
		return Decision{}, true
	}
	v.next = append(v.next, v.bind(id, c, life, path, routes))
	return Decision{}, true
}

// inOrder tells whether this request is newer than the one that made x: requests
// of one Call-ID are counted, those of different Call-IDs cannot be compared.
func (v *visit) inOrder(x *binding) bool {
	return x.callID != v.req.Msg.CallID().Value() || v.req.Msg.CSeq().SeqNo > x.cseq
}

// bind makes the binding of a contact.
func (v *visit) bind(id string, c *sip.ContactHeader, life time.Duration, path []string, routes []sip.Uri) *binding {
	uri := *c.Address.Clone()
	uri.Headers = nil // a Request-URI never has them (RFC 3261 §19.1.1)
	shown := c.Clone()
	shown.Params = slices.DeleteFunc(shown.Params, func(p sip.HeaderKV) bool { return strings.EqualFold(strings.TrimSpace(p.K), "expires") })
	agent := ""
	if h := v.req.Msg.GetHeader("User-Agent"); h != nil {
		agent = wire.Sanitise(h.Value())
	}
	return &binding{
		id: id, uri: uri, contact: shown.Value(), q: preference(c), path: path, routes: routes,
		callID: v.req.Msg.CallID().Value(), cseq: v.req.Msg.CSeq().SeqNo, source: v.req.Source, agent: agent,
		refreshed: v.now, expires: v.now.Add(life), reachable: true,
	}
}

// lifetime is what the phone asked for within our bounds: the contact's own
// parameter, else the header, else the longest. False = too brief. A value that
// is no number counts as not said (RFC 3261 §20.19).
func (v *visit) lifetime(c *sip.ContactHeader) (time.Duration, bool) {
	asked, said := wire.Param(c.Params, "expires")
	if !said {
		if h := v.req.Msg.GetHeader("Expires"); h != nil {
			asked = strings.TrimSpace(h.Value())
		}
	}
	seconds, err := strconv.ParseUint(asked, 10, 64)
	longest := uint64(v.rules.Max / time.Second)
	switch {
	case err != nil || seconds > longest:
		return v.rules.Max, true
	case seconds == 0:
		return 0, true
	}
	life := time.Duration(seconds) * time.Second
	return life, life >= v.rules.Min
}

// preference reads q, 0 to 1 with three digits; without it a contact is as good
// as any (RFC 3261 §20.10).
func preference(c *sip.ContactHeader) int {
	s, ok := wire.Param(c.Params, "q")
	if !ok {
		return 1000
	}
	q, err := strconv.ParseFloat(s, 64)
	if err != nil || !(q >= 0 && q <= 1) { // NaN is neither
		return 1000
	}
	return int(q*1000 + 0.5)
}

// removeAll is the `*`, alone and with Expires: 0.
func (v *visit) removeAll(contacts []*sip.ContactHeader) Decision {
	h := v.req.Msg.GetHeader("Expires")
	if len(contacts) != 1 || h == nil || strings.TrimSpace(h.Value()) != "0" {
		return refuse(sip.StatusBadRequest, "* Needs Expires 0 And No Other Contact")
	}
	for _, x := range v.before {
		if !v.inOrder(x) {
			return refuse(sip.StatusInternalServerError, "CSeq Out Of Order")
		}
	}
	v.next = nil
	return v.finish()
}

// makeRoom drops the longest unrefreshed bindings above the limit, but none of
// this request. A phone that got a new address must not be locked out by its own
// old ones until they expire.
func (v *visit) makeRoom() {
	for len(v.next) > v.rules.MaxContacts {
		oldest := -1
		for i, x := range v.next {
			if v.touched[x.id] {
				continue
			}
			if oldest < 0 || x.refreshed.Before(v.next[oldest].refreshed) {
				oldest = i
			}
		}
		v.next = slices.Delete(v.next, oldest, oldest+1)
	}
}

// finish lists what changed and accepts.
func (v *visit) finish() Decision {
	for _, x := range v.next {
		if slices.Contains(v.before, x) {
			continue
		}
		stored, err := x.encode(v.aor)
		if err != nil {
			return refuse(sip.StatusInternalServerError, "Cannot Store")
		}
		v.changes = append(v.changes, Change{Binding: stored})
	}
	for _, x := range v.before {
		if !slices.ContainsFunc(v.next, func(y *binding) bool { return y.id == x.id }) {
			v.changes = append(v.changes, Change{Remove: true, Binding: call.Binding{AOR: v.aor, ID: x.id}})
		}
	}
	return v.accept(true)
}

// accept is the 200 with every contact of the phone, as it sent them.
func (v *visit) accept(commit bool) Decision {
	d := Decision{Status: sip.StatusOK, Reason: "OK", Changes: v.changes, next: v.next, commit: commit}
	for _, x := range v.next {
		left := int((x.expires.Sub(v.now) + time.Second - 1) / time.Second)
		d.Headers = append(d.Headers, sip.NewHeader("Contact", fmt.Sprintf("%s;expires=%d", x.contact, left)))
	}
	if wire.Has(v.req.Msg, "Supported", "path") {
		for _, p := range wire.Tokens(v.req.Msg, "Path") {
			d.Headers = append(d.Headers, sip.NewHeader("Path", p))
		}
	}
	if v.flow && wire.Has(v.req.Msg, "Supported", "outbound") {
		d.Headers = append(d.Headers, sip.NewHeader("Require", "outbound"))
	}
	d.Headers = append(d.Headers, sip.NewHeader("Date", v.now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")))
	return d
}
