package main

import (
	"bytes"
	"encoding/json"
	"strings"
)

// object is a piece of JSON Schema; encoding/json writes its keys sorted.
type object map[string]any

// schemaOf writes the JSON Schema (draft 2020-12) that editors complete and check
// config files with. One file may hold any part of the config.
func schemaOf(sections []field) ([]byte, error) {
	root := keysSchema(sections)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Breakwater config"
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(root)
	return b.Bytes(), err
}

func keysSchema(fields []field) object {
	properties := object{}
	for _, f := range fields {
		s := valueSchema(f.value)
		var about []string
		for _, text := range []string{f.meaning, f.usual} {
			if text != "" {
				about = append(about, text)
			}
		}
		if f.usual != "" {
			about[len(about)-1] = "default " + f.usual
		}
		if len(about) > 0 {
			s["description"] = strings.Join(about, "; ")
		}
		properties[f.name] = s
	}
	return object{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
}

func valueSchema(v value) object {
	switch v.shape {
	case duration:
		return object{"type": []string{"string", "integer"}, "pattern": `^-?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
	case secret:
		one := func(key string) object {
			return object{
				"type": "object", "properties": object{key: object{"type": "string"}},
				"required": []string{key}, "additionalProperties": false,
			}
		}
		return object{"oneOf": []object{one("file"), one("env")}}
	case level:
		return object{"type": "string", "pattern": `^-?[0-9]+(\.[0-9]+)? ?` + v.unit + `$`}
	case yesNo:
		return object{"type": "boolean"}
	case whole:
		return object{"type": "integer"}
	case number:
		return object{"type": "number"}
	case list:
		return object{"type": []string{"array", "null"}, "items": valueSchema(*v.item)}
	case byName:
		return object{"type": []string{"object", "null"}, "additionalProperties": valueSchema(*v.item)}
	case keys:
		return keysSchema(v.fields)
	default:
		if len(v.words) > 0 {
			return object{"type": "string", "enum": v.words}
		}
		return object{"type": []string{"string", "number"}} // 7001 needs no quotes
	}
}
