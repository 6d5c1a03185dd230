package shield

import "time"

// Moment is a time of the wall clock in nanoseconds since 1970: what is kept of thousands
// of facts takes a third of the memory of a time.Time, and the collector does not look into
// it. 0 = never.
type Moment int64

// MomentOf gives a time as a Moment.
func MomentOf(at time.Time) Moment {
	if at.IsZero() {
		return 0
	}
	return Moment(at.UnixNano())
}

// Time gives the moment in UTC.
func (m Moment) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(m)).UTC()
}

// Before tells whether the moment was before a time.
func (m Moment) Before(at time.Time) bool { return m < MomentOf(at) }
