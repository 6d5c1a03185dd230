package call

import (
	"breakwater/media"
	"breakwater/media/wav"
)

// music plays a piece to the caller for as long as nobody stops it; nil = none.
func (c *Call) music(name string) Playback { return c.musicTo(c.caller, name) }

func (c *Call) musicTo(s *side, name string) Playback {
	if name == MusicNone {
		return nil
	}
	clip, err := c.x.parts.Book.Music(name)
	if err != nil {
		c.log.Warn("no music", "name", name, "err", err)
		return nil
	}
	return c.x.parts.Sounds.Play(s, media.Sound{Clips: []*wav.Clip{clip}, Loop: true})
}

// loop plays a phrase again and again until it is stopped; nil = it cannot be played.
func (c *Call) loop(s *side, phrase string) Playback {
	clips, err := c.x.parts.Book.Sound(c.story.language, phrase)
	if err != nil {
		c.log.Warn("cannot play", "phrase", phrase, "err", err)
		return nil
	}
	return c.x.parts.Sounds.Play(s, media.Sound{Clips: clips, Loop: true})
}
