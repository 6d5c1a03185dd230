// Command confdoc writes docs/config.md and docs/config.schema.json from the
// settings of the rooms: the keys from the types, the sentences from the comments
// that stand beside the code that obeys them.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "confdoc:", err)
		os.Exit(1)
	}
}

// run writes the pages of the module in root.
func run(root string) error {
	pages, err := generate(root)
	if err != nil {
		return err
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(root, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate makes the pages of the module in root, by file name.
func generate(root string) (map[string][]byte, error) {
	b := &book{root: root, packages: map[string]*pkg{}}
	sections, err := b.sections()
	if err != nil {
		return nil, err
	}
	schema, err := schemaOf(sections)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"docs/config.md":          page(sections),
		"docs/config.schema.json": schema,
	}, nil
}
