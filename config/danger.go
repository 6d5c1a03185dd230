package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"breakwater/ivr"
)

// The widest that a network of a trunk may be: a wider one makes a carrier of
// everybody who finds the server.
const (
	widest4 = 8  // bits of an IPv4 prefix
	widest6 = 32 // bits of an IPv6 prefix
)

// shortestRing is what a queue may ring a phone at least; less is a slip of the hand
// that makes every offer a missed one.
const shortestRing = 250 * time.Millisecond

// home is a network that a trunk calls from.
type home struct {
	trunk  string
	prefix netip.Prefix
}

// checkHomes asks that a call's source names one trunk, and that it is no stranger.
// What cannot be read is told by the trunk itself.
func (r *reading) checkHomes(c *Config) {
	var known []home
	each(c.Trunks, func(name string, t *Trunk) {
		for i, text := range t.Addresses {
			p := path("trunks").to(name).to("addresses").to(fmt.Sprint(i))
			prefix, err := network(text)
			if err != nil {
				continue
			}
			if least := leastBits(prefix); prefix.Bits() < least {
				r.complain(p, fmt.Sprintf("network %s is so wide that strangers would call as trunk %s", text, name),
					fmt.Sprintf("write the carrier's addresses; a network has at least /%d", least))
				continue
			}
			other := slices.IndexFunc(known, func(h home) bool { return h.trunk != name && h.prefix.Overlaps(prefix) })
			if other >= 0 {
				r.complain(p, fmt.Sprintf("%s overlaps with %s of trunk %s: a call from there could be either's", text, known[other].prefix, known[other].trunk),
					"give each address to one trunk")
				continue
			}
			known = append(known, home{name, prefix})
		}
	})
}

// network reads an IP or a prefix.
func network(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

func leastBits(p netip.Prefix) int {
	if p.Addr().Is4() {
		return widest4
	}
	return widest6
}

// checkCircles asks that no queue sends callers back to where they come from. A
// queue that is full or empty sends them on at once, so they would go round for ever.
func (r *reading) checkCircles(c *Config) {
	each(c.Queues, func(name string, q *Queue) {
		for _, t := range limits(q) {
			p := path("queues").to(name).to(t.key)
			next, ok := queueOf(t.name)
			switch {
			case !ok:
			case next == name:
				r.complain(p, fmt.Sprintf("%s leads back to queue %s itself", t.key, name), "write goodbye, queue:NAME of another queue, phone:NAME, menu:NAME or number:DIGITS")
			case t.key == "on_wait": // after that wait another one is no circle without end
			case !slices.Contains(atOnce(q), next):
			default:
				if way := c.wayBack(name, next, map[string]bool{}); way != nil {
					r.complain(p, fmt.Sprintf("%s sends callers in a circle: %s", t.key, strings.Join(append([]string{name}, way...), " → ")),
						"end the circle with goodbye, phone:NAME, menu:NAME or number:DIGITS")
				}
			}
		}
	})
}

// wayBack lists the queues from at to home that callers can be sent through at once;
// nil if there is no way. It takes only names after home's, so that a circle is told
// once, at its first name.
func (c *Config) wayBack(home, at string, seen map[string]bool) []string {
	if at == home {
		return []string{at}
	}
	q, ok := c.Queues[at]
	if !ok || seen[at] || at < home {
		return nil
	}
	seen[at] = true
	for _, next := range atOnce(&q) {
		if way := c.wayBack(home, next, seen); way != nil {
			return append([]string{at}, way...)
		}
	}
	return nil
}

// atOnce lists the queues to which q can send a caller who has not waited in it.
func atOnce(q *Queue) (names []string) {
	neverLeft := q.LeaveOn != nil && len(q.LeaveOn) == 0
	if name, ok := queueOf(q.OnFull); ok && q.MaxSize > 0 {
		names = append(names, name)
	}
	if name, ok := queueOf(q.OnEWT); ok && q.MaxEWT > 0 {
		names = append(names, name)
	}
	if name, ok := queueOf(q.OnRatio); ok && q.MaxRatio > 0 {
		names = append(names, name)
	}
	if name, ok := queueOf(q.OnEmpty); ok && !neverLeft {
		names = append(names, name)
	}
	return names
}

// queueOf is the queue that a target names.
func queueOf(target string) (name string, ok bool) {
	t, err := ivr.ParseTarget(target)
	return t.Name, target != "" && err == nil && t.Kind == ivr.Queue
}

// checkRing asks that a phone rings long enough to be answered.
func (r *reading) checkRing(p path, ring time.Duration) {
	if ring > 0 && ring < shortestRing {
		r.complain(p, fmt.Sprintf("ring is %s; nobody answers a phone in that time", ring), fmt.Sprintf("write at least %s; 20s is usual", shortestRing))
	}
}

// checkRecordings asks that the folder of recordings is one, or can become one.
func (r *reading) checkRecordings(c *Config) {
	if folder := c.Media.Recordings; folder != "" && r.around.blocked(folder) {
		r.complain("media.recordings", fmt.Sprintf("recordings: %s is not a folder, or lies in what is none", folder), "name a folder; it is made when it is not there")
	}
}

// checkDecisions names the folder of decisions where the config does not: beside the
// store. What is kept in memory leaves no decisions behind either.
func (r *reading) checkDecisions(c *Config) {
	d := &c.Floor.Decisions
	scheme, file, _ := strings.Cut(c.Store.URL, ":")
	switch {
	case d.Folder != "" || d.Off:
	case scheme == "memory":
		d.Off = true
	case scheme == "sqlite":
		d.Folder = filepath.Join(filepath.Dir(file), "decisions")
	default:
		d.Folder = filepath.Join("var", "decisions")
	}
	if !d.Off && r.around.blocked(d.Folder) {
		r.complain("floor.decisions.folder", fmt.Sprintf("folder: %s is not a folder, or lies in what is none", d.Folder), "name a folder; it is made when it is not there")
	}
}

func (s fromSystem) blocked(folder string) bool {
	info, err := os.Stat(folder)
	return err == nil && !info.IsDir() || errors.Is(err, syscall.ENOTDIR)
}
