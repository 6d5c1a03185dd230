package truth

// Answer is what a condition says of a call. The zero Answer is Unknown.
type Answer int8

// The answers.
const (
	Unknown Answer = iota // it cannot be reckoned from what is known
	No
	Yes
)

// String is the answer in a word.
func (a Answer) String() string { return [...]string{"unknown", "no", "yes"}[a] }

// answer is that of a plain truth.
func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// not turns an answer round; what is unknown stays so.
func (a Answer) not() Answer {
	switch a {
	case Yes:
		return No
	case No:
		return Yes
	case Unknown:
	}
	return Unknown
}
