package ivr

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	maxMenus  = 100 // a caller who has seen so many is lost, or plays
	maxDigits = 64  // pressed in one try; more is a stuck key
)

// Book is all menus, ready to be walked: their conditions are read once, not for each
// caller. It is immutable.
type Book struct {
	menus map[string]Menu
	asked map[string]question // by the text of the condition
}

// Open makes menus ready. They are checked before (Check); what cannot be read of them is
// an error of the walk that comes to it.
func Open(menus map[string]Menu) *Book {
	b := &Book{menus: make(map[string]Menu, len(menus)), asked: readConditions(menus)}
	for name, m := range menus {
		b.menus[name] = m.WithDefaults()
	}
	return b
}

// Run walks the menus from start until an exit. It returns ctx's cause when the
// caller leaves. In menus that were checked it finds no dead end; a caller who wanders
// through too many menus is told goodbye.
func (b *Book) Run(ctx context.Context, start string, who Caller, line Line) (Exit, error) {
	w := walk{book: b, who: who, line: line}
	w.who.Data = maps.Clone(who.Data)
	if w.who.Data == nil {
		w.who.Data = map[string]string{}
	}
	next := Target{Submenu, start}
	for range maxMenus {
		menu, ok := b.menus[next.Name]
		if !ok {
			return Exit{}, fmt.Errorf("menu %s does not exist", next.Name)
		}
		if ctx.Err() != nil {
			return Exit{}, context.Cause(ctx)
		}
		line.Note(NoteMenu, next.Name)
		goal, err := w.visit(ctx, next.Name, menu)
		switch {
		case ctx.Err() != nil:
			return Exit{}, context.Cause(ctx)
		case err != nil:
			return Exit{}, fmt.Errorf("menu %s: %w", next.Name, err)
		case goal.Kind != Submenu:
			return w.leave(goal), nil
		}
		next = goal
	}
	line.Note(NoteLost, next.Name)
	return w.leave(Target{Kind: Goodbye}), nil
}

// walk is one caller on the way. Its one owner is Run.
type walk struct {
	book *Book
	who  Caller
	line Line
}

func (w *walk) leave(t Target) Exit {
	return Exit{Kind: t.Kind, Target: t.Name, Language: w.who.Language, Data: w.who.Data}
}

// visit goes through one menu from top to bottom.
func (w *walk) visit(ctx context.Context, name string, m Menu) (Target, error) {
	here, err := m.Hours.local(w.who.Now)
	if err != nil {
		return Target{}, err
	}
	open, err := m.Hours.openAt(here)
	if err != nil {
		return Target{}, err
	}
	if !open {
		w.line.Note(NoteClosed, name)
		return ParseTarget(m.Hours.Closed)
	}
	if m.Collect.Name != "" {
		ok, err := w.collect(ctx, m)
		if err != nil {
			return Target{}, err
		}
		if !ok {
			return ParseTarget(m.Collect.Otherwise)
		}
	}
	for _, b := range m.Branches {
		yes, trouble, err := w.book.asked[b.When].holds(w.who, here)
		if err != nil {
			return Target{}, err
		}
		if trouble != "" {
			w.line.Note(NoteTrouble, b.When+": "+trouble)
		}
		if yes {
			w.line.Note(NoteBranch, b.When)
			return ParseTarget(b.Go)
		}
	}
	if len(m.Keys) > 0 {
		return w.choose(ctx, name, m)
	}
	if len(m.Greeting) > 0 { // no barge-in: what is pressed meanwhile is meant for the next menu
		if _, err := w.line.Say(ctx, w.who.Language, false, m.Greeting...); err != nil {
			return Target{}, err
		}
	}
	return ParseTarget(m.Then)
}

// choose lets the caller press a key, as often as the menu allows.
func (w *walk) choose(ctx context.Context, name string, m Menu) (Target, error) {
	var sorry []string
	for range 1 + max(m.Retries, 0) {
		typed, err := w.read(ctx, m, slices.Concat(sorry, m.Greeting), m.take)
		if err != nil {
			return Target{}, err
		}
		target, known := m.Keys[typed]
		switch {
		case known:
			w.line.Note(NoteKey, typed)
			if language := m.Languages[typed]; language != "" {
				w.line.Note(NoteLanguage, language)
				w.who.Language = language
			}
			return ParseTarget(target)
		case typed == "":
			w.line.Note(NoteSilent, name)
			sorry = m.NoInput
		default:
			w.line.Note(NoteWrong, typed)
			sorry = m.Invalid
		}
	}
	return ParseTarget(m.Then)
}

// take adds a digit to a choice. It is done when no longer key is possible, or
// at '#' where no key goes on with it.
func (m Menu) take(typed string, digit byte) (string, bool) {
	with := typed + string(rune(digit))
	_, known := m.Keys[with]
	if digit == '#' && typed != "" && !known && !m.longer(with) {
		return typed, true
	}
	return with, !m.longer(with)
}

// read speaks, and takes digits until take is done or nobody presses any more.
func (w *walk) read(ctx context.Context, m Menu, phrases []string, take func(typed string, digit byte) (string, bool)) (string, error) {
	var digit byte
	if len(phrases) > 0 {
		var err error
		if digit, err = w.line.Say(ctx, w.who.Language, *m.BargeIn, phrases...); err != nil {
			return "", err
		}
	}
	typed, wait, last := "", m.FirstDigit, time.Now().Add(m.Total)
	for range maxDigits {
		if digit == 0 {
			patience := min(wait, time.Until(last))
			if patience <= 0 {
				return typed, nil
			}
			var err error
			if digit, err = w.line.Digit(ctx, patience); err != nil || digit == 0 {
				return typed, err
			}
		}
		var done bool
		if typed, done = take(typed, digit); done {
			return typed, nil
		}
		digit, wait = 0, m.InterDigit
	}
	return typed, nil
}

// collect asks for digits until they are right; false after the last try.
func (w *walk) collect(ctx context.Context, m Menu) (bool, error) {
	c := m.Collect
	right, err := c.checker()
	if err != nil {
		return false, err
	}
	var sorry []string
	for range 1 + max(c.Retries, 0) {
		typed, err := w.read(ctx, m, slices.Concat(sorry, c.Prompt), c.take)
		if err != nil {
			return false, err
		}
		switch {
		case typed == "":
			w.line.Note(NoteSilent, c.Name)
			sorry = m.NoInput
		case len(typed) < c.Min || !right(typed):
			w.line.Note(NoteWrong, c.Name) // not the digits: a mistyped number is still somebody's
			sorry = m.Invalid
		default:
			w.who.Data[c.Name] = typed
			w.line.Note(NoteCollect, c.Name)
			return true, nil
		}
	}
	return false, nil
}
