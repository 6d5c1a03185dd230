package wire

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// ourRules are those of a server that the torture messages are sent to.
var ourRules = Rules{
	Methods:    []string{"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "INFO", "UPDATE", "REFER", "SUBSCRIBE", "NOTIFY", "PRACK"},
	Extensions: []string{"100rel", "timer", "replaces", "path", "outbound"},
	Bodies:     []string{"application/sdp"},
	Ours:       func(host string) bool { return host == "192.0.2.1" },
}

var sender = netip.MustParseAddrPort("192.0.2.99:5070")

// judge does with a datagram what the server does: screen, parse, check. The
// status is that of the answer, 0 for silence and 200 for "let it in".
func judge(t *testing.T, datagram string) (status int, why string) {
	t.Helper()
	s := Screen([]byte(datagram), sender)
	if !s.Pass {
		if s.Answer == nil {
			return 0, s.Why
		}
		msg, err := NewParser().ParseSIP(s.Answer)
		if err != nil {
			t.Fatalf("our own answer cannot be read: %v\n%s", err, s.Answer)
		}
		return msg.(*sip.Response).StatusCode, s.Why
	}
	msg := readsAsItsParserDoes(t, NewParser(), s.Data)
	if msg == nil {
		t.Fatal("the screen let through what the parser drops")
	}
	v := Check(msg, ourRules)
	if v.Pass {
		return 200, ""
	}
	if req, ok := msg.(*sip.Request); ok {
		if res := Refusal(req, v); (res == nil) != (v.Status == 0) {
			t.Errorf("verdict %d, refusal %v", v.Status, res)
		}
	}
	return v.Status, v.Why
}

const sdpBody = "v=0\r\no=- 1 1 IN IP4 192.0.2.5\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"

// message writes a message with the headers that every message has, the ones
// given first, and a body if the last line begins with "v=0".
func message(start string, headers ...string) string {
	have := strings.ToLower("\r\n" + strings.Join(headers, "\r\n"))
	method, _, _ := strings.Cut(start, " ")
	for _, h := range []string{
		"Via: SIP/2.0/UDP 192.0.2.5:5060;branch=z9hG4bK776asdhds", "From: <sip:caller@example.net>;tag=341518",
		"To: <sip:user@example.com>", "Call-ID: torture.1@192.0.2.5", "CSeq: 8 " + method, "Max-Forwards: 70",
	} {
		name, _, _ := strings.Cut(h, ":")
		if !strings.Contains(have, "\r\n"+strings.ToLower(name)) {
			headers = append(headers, h)
		}
	}
	return start + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
}

// without is a message that lacks some headers.
func without(msg string, names ...string) string {
	var kept []string
	for _, line := range strings.Split(msg, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		drop := false
		for _, n := range names {
			drop = drop || strings.EqualFold(n, name)
		}
		if !drop {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\r\n")
}

// TestTorture gives, by the names of RFC 4475, the answer to a message of each
// kind. The messages are ours.
// 200 stands for "let in": what then happens is the business of dialogs,
// registrar and authentication.
func TestTorture(t *testing.T) {
	const invite, options, register = "INVITE sip:user@example.com SIP/2.0", "OPTIONS sip:user@example.com SIP/2.0", "REGISTER sip:example.com SIP/2.0"
	tests := map[string]struct {
		message string
		want    int
	}{
		// §3.1.1 valid
		"wsinv: blanks and folds wherever they may be": {"INVITE sip:vivek@desk.example.com;unknownparam SIP/2.0\r\n" +
			"TO :\r\n sip:vivek@desk.example.com ;   x    = 19181n\r\n" +
			"from   : \"J Rosen \\\\\\\"\"       <sip:jd@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n" +
			"MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.nd@192.0.2.1\r\n" +
			"cOntEnt-LENGTH:   87\r\nCSeq: 0009\r\n  INVITE\r\n" +
			"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\ns :\r\n" +
			"NewFangled:   value\r\n continued value\r\nUnusual: ;;,,;;,;\r\nContent-Type: application/sdp\r\n" +
			"Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n" +
			"v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n" +
			"m:\"Quoted string \\\"\\\"\" <sip:jd@example.com> ; newparam =\r\n newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n" + sdpBody, 200},
		"intmeth: a method of odd characters":    {message("!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0"), 405},
		"esc01: escapes in the user":             {message("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0", "To: sip:%75se%72@example.com"), 200},
		"escnull: an escaped NUL":                {message(register, "To: sip:null-%00-null@example.com", "Contact: <sip:%00@host5.example.com>"), 200},
		"esc02: a % that escapes nothing":        {message("RE%47IST%45R sip:registrar.example.com SIP/2.0"), 405},
		"lwsdisp: no blank before the bracket":   {message(options, "From: caller<sip:caller@example.com>;tag=323"), 200},
		"longreq: long values":                   {message(invite, "To: \""+strings.Repeat("long ", 200)+"\" <sip:user@example.com>", "From: <sip:"+strings.Repeat("a", 500)+"@example.net>;tag="+strings.Repeat("1", 200), "Unknown-"+strings.Repeat("LongName", 20)+": "+strings.Repeat("x", 2000)), 200},
		"dblreq: more bytes than Content-Length": {message(register, "Content-Length: 0") + "REGISTER again", 200},
		"semiuri: ; in the user":                 {message("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0"), 200},
		"transports: unknown ones in Via":        {message(options, "Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw", "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf", "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj", "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en"), 200},
		"mpart01: a multipart MESSAGE":           {message("MESSAGE sip:kumiko@example.org SIP/2.0"), 405},
		"unreason: an unusual reason":            {message("SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1324923", "CSeq: 35 INVITE"), 200},
		"noreason: an empty reason":              {message("SIP/2.0 100 ", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1324923", "CSeq: 35 INVITE"), 200},
		"inv2543: a call of the year 1999":       {"INVITE sip:UserB@example.com SIP/2.0\r\nVia: SIP/2.0/UDP iftgw.example.com\r\nFrom: <sip:+13035551111@ift.example.net;user=phone>\r\nRecord-Route: <sip:UserB@example.com;maddr=ss1.example.com>\r\nTo: sip:+16505552222@ss1.example.net;user=phone\r\nCall-ID: inv2543.1717@ift.example.com\r\nCSeq: 56 INVITE\r\nContent-Type: application/sdp\r\n\r\n" + sdpBody, 200},
		"badbranch: nothing after the cookie":    {message(options, "Via: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK"), 200},
		// §3.1.2 invalid
		"badinv01: separators without values":        {message(invite, "Via: SIP/2.0/UDP 192.0.2.15;;,;,,", "Contact: \"Joe\" <sip:joe@example.org>;;;;"), 400},
		"clerr: a body shorter than it says":         {message(invite, "Content-Type: application/sdp", "Content-Length: 9999") + sdpBody, 400},
		"ncl: a negative length":                     {message(invite, "Content-Type: application/sdp", "Content-Length: -999") + sdpBody, 400},
		"scalar02: numbers too large":                {message(register, "CSeq: 36893488147419103232 REGISTER", "Max-Forwards: 300", "Expires: 10000000000000000000000", "Contact: <sip:user@host129.example.com>;expires=280297596632815"), 400},
		"scalarlg: numbers too large in a response":  {message("SIP/2.0 503 Service Unavailable", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKzzxdiwo34sw", "CSeq: 9292394834772304023312 OPTIONS"), 0},
		"quotbal: a quote not closed":                {message(invite, "To: \"Mr. J. User <sip:j.user@example.com>"), 400},
		"ltgtruri: brackets around the Request-URI":  {message("INVITE <sip:user@example.com> SIP/2.0"), 400},
		"lwsruri: a blank in the Request-URI":        {message("INVITE sip:user@example.com; lr SIP/2.0"), 400},
		"lwsstart: two blanks in the start line":     {message("INVITE  sip:user@example.com  SIP/2.0"), 400},
		"trws: blanks at the end of the start line":  {message("OPTIONS sip:remote-target@example.com SIP/2.0  "), 400},
		"escruri: headers in the Request-URI":        {message("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0"), 400},
		"baddate: a Date of another zone":            {message(invite, "Date: Fri, 01 Jan 2010 16:00:00 EST"), 400},
		"regbadct: a Contact with ? and no brackets": {message(register, "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"), 400},
		"badaspec: blanks inside the brackets":       {message(options, "To: \"Watson, Thomas\" < sip:t.watson@example.org >"), 400},
		"baddn: a comma in an unquoted name":         {message(options, "From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43"), 400},
		"badvers: a version of the future":           {message("OPTIONS sip:t.watson@example.org SIP/7.0"), 505},
		"mismatch01: CSeq of another method":         {message(options, "CSeq: 8 INVITE"), 400},
		"mismatch02: the same, unknown method":       {message("NEWMETHOD sip:user@example.com SIP/2.0", "CSeq: 8 INVITE"), 400},
		"bigcode: a status that is none":             {message("SIP/2.0 4294967301 better not break the receiver", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2398ndaoe", "CSeq: 2 INVITE"), 0},
		// §3.3 application
		"insuf: headers missing":                       {without(message(invite), "From", "To", "Call-ID", "Max-Forwards"), 400},
		"unkscm: a scheme that nobody knows":           {message("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"), 416},
		"novelsc: a scheme of another world":           {message("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"), 416},
		"unksm2: odd schemes in headers":               {message(register, "To: isbn:2983792873", "From: <http://www.example.com>;tag=3234233", "Contact: <name:John_Smith>"), 200},
		"bext01: extensions that we lack":              {message(options, "Require: nothingSupportsThis, nothingSupportsThisEither", "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis"), 420},
		"invut: a body of a kind that nobody knows":    {message(invite, "Content-Type: application/unknownformat", "Content-Length: 20") + "<audio>\r\n <pcmu/>\r\n\r", 415},
		"regaut01: an unknown way to prove oneself":    {message(register, "Authorization: NoOneKnowsThisScheme opaque-data=here"), 200},
		"multi01: single values given twice":           {message(invite, "CSeq: 5 INVITE", "CSeq: 59 INVITE", "Call-ID: multi01.98asdh@192.0.2.1", "Call-ID: multi01.98asdh@192.0.2.2"), 400},
		"mcl01: two lengths":                           {message(options, "Content-Length: 13", "Content-Length: 5") + "There's no way", 400},
		"bcast: a response with a broadcast Via":       {message("SIP/2.0 200 OK", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1324923", "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23", "CSeq: 35 INVITE"), 0},
		"bcast: the broadcast one alone":               {message("SIP/2.0 200 OK", "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23", "CSeq: 35 INVITE"), 0},
		"zeromf: no hop left":                          {message(options, "Max-Forwards: 0"), 483},
		"cparam01: a parameter behind the Contact":     {message(register, "Contact: sip:+19725552222@gw1.example.net;unknownparam"), 200},
		"cparam02: a parameter inside the Contact":     {message(register, "Contact: <sip:+19725552222@gw1.example.net;unknownparam>"), 200},
		"regescrt: an escaped header in the Contact":   {message(register, "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>"), 200},
		"sdp01: an Accept without session description": {message(invite, "Accept: text/nobodyKnowsThis"), 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, why := judge(t, tt.message); got != tt.want {
				t.Errorf("status %d (%s), want %d for\n%s", got, why, tt.want, tt.message)
			}
		})
	}
}

// TestOurOwnTorture: what the RFC does not list and the field sends.
func TestOurOwnTorture(t *testing.T) {
	const invite, options, register = "INVITE sip:user@example.com SIP/2.0", "OPTIONS sip:user@example.com SIP/2.0", "REGISTER sip:example.com SIP/2.0"
	tests := map[string]struct {
		message string
		want    int
	}{
		"a NUL in a header":                         {message(options, "Subject: a\x00b"), 400},
		"a bare line feed in a header":              {message(options, "Subject: a\nEvil: b"), 400},
		"a bare carriage return in a header":        {message(options, "Subject: a\rEvil: b"), 400},
		"a header without a colon":                  {message(options, "Subject"), 400},
		"a header whose name has a blank":           {message(options, "My Subject: a"), 400},
		"130 headers":                               {message(options, strings.Split(strings.Repeat("X-A: b|", 130), "|")[:130]...), 400},
		"a header of 17 KiB":                        {message(options, "X-A: "+strings.Repeat("b", 17<<10)), 400},
		"no end of the headers":                     {strings.TrimSuffix(message(options), "\r\n"), 400},
		"the same of an ACK":                        {strings.TrimSuffix(message("ACK sip:user@example.com SIP/2.0"), "\r\n"), 0},
		"a bad ACK":                                 {message("ACK sip:user@example.com SIP/2.0", "CSeq: 1 INVITE"), 0},
		"an ACK that requires":                      {message("ACK sip:user@example.com SIP/2.0", "Require: nothing"), 200},
		"a CANCEL that requires":                    {message("CANCEL sip:user@example.com SIP/2.0", "Require: nothing"), 200},
		"a STUN packet":                             {"\x00\x01\x00\x00\x21\x12\xa4\x42", 0},
		"an RTP packet":                             {"\x80\x00abcdefgh", 0},
		"a keep-alive":                              {"\r\n\r\n", 0},
		"line ends before the message":              {"\r\n\r\n" + message(options), 200},
		"HTTP":                                      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
		"a Yealink's blank before the bracket":      {message(register, "From: \"1001\" <sip:1001@192.0.2.1:5060 >;tag=1", "To: <sip:1001@192.0.2.1:5060 >"), 200},
		"a Fanvil's unquoted name":                  {message(register, "From: 5008 <sip:5008@192.0.2.1>;tag=1"), 200},
		"a Grandstream's padded length":             {message(options, "Content-Length:      0  "), 200},
		"compact names of everything":               {"INVITE sip:user@example.com SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.5;branch=z9hG4bK1\r\nf: <sip:a@b.example>;tag=1\r\nt: <sip:user@example.com>\r\ni: 1@a\r\nCSeq: 1 INVITE\r\nk: timer\r\nx: 1800\r\nm: <sip:a@192.0.2.5>\r\nc: application/sdp\r\nl: 87\r\n\r\n" + sdpBody, 200},
		"compact From twice under two names":        {message(options, "f: <sip:a@b.example>;tag=2", "From: <sip:a@b.example>;tag=1"), 400},
		"a method in small letters":                 {message("options sip:user@example.com SIP/2.0", "CSeq: 1 options"), 200},
		"no hop left, but for ourselves":            {message("OPTIONS sip:192.0.2.1 SIP/2.0", "Max-Forwards: 0"), 200},
		"no hop left, but inside a dialog":          {message("INFO sip:user@example.com SIP/2.0", "Max-Forwards: 0", "To: <sip:user@example.com>;tag=9"), 200},
		"no hop left for a REGISTER to us":          {message(register, "Max-Forwards: 0"), 200},
		"an extension we have":                      {message(invite, "Require: TIMER, 100rel"), 200},
		"a zipped body":                             {message(invite, "Content-Type: application/sdp", "Content-Encoding: gzip", "Content-Length: 87") + sdpBody, 415},
		"a body that nobody needs to read":          {message(invite, "Content-Type: application/x", "Content-Disposition: icon ; handling = optional", "Content-Length: 1") + "x", 200},
		"a multipart body with a description":       {message(invite, "Content-Type: multipart/mixed; boundary=b") + "--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: application/sdp\r\n\r\n" + sdpBody + "\r\n--b--\r\n", 200},
		"a multipart body without one":              {message(invite, "Content-Type: multipart/mixed; boundary=b") + "--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b--\r\n", 415},
		"a description without its type":            {message(invite) + sdpBody, 200},
		"an Accept of everything":                   {message(invite, "Accept: application/*;q=0.5"), 200},
		"an IPv6 Via":                               {message(options, "Via: SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bK1"), 200},
		"a port that is none in Via":                {message(options, "Via: SIP/2.0/UDP 192.0.2.5:99999;branch=z9hG4bK1"), 400},
		"a Route to nowhere":                        {message(options, "Route: <sip:>"), 400},
		"no Via at all":                             {without(message(options), "Via"), 400},
		"a response to somebody else":               {message("SIP/2.0 200 OK", "Via: SIP/2.0/UDP 192.0.2.77;branch=z9hG4bK1", "CSeq: 35 INVITE"), 0},
		"a Via of several values, one quoted comma": {message(options, `Via: SIP/2.0/UDP a.example;branch=z9hG4bK1;x="1,2", SIP/2.0/UDP b.example;branch=z9hG4bK2`), 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, why := judge(t, tt.message); got != tt.want {
				t.Errorf("status %d (%s), want %d for\n%s", got, why, tt.want, tt.message)
			}
		})
	}
}
