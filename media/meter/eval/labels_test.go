package eval

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestLabelsAreReadFromEitherFile(t *testing.T) {
	csv := `# two raters
file, rater, start, end, group, from, to
a.wav, anna, 12.5, 31,  elderly, 2, 1:30
a.wav, anna, 1:05, 1:10.5, elderly, 2, 90
a.wav, ben, , , elderly, 2, 90
"b, noisy.wav", ben, , , , ,
`
	json := `[
  {"file": "a.wav", "rater": "anna", "group": "elderly", "from": 2, "to": 90, "raised": [{"start": 12.5, "end": 31}, {"start": 65, "end": 70.5}]},
  {"file": "a.wav", "rater": "ben", "group": "elderly", "from": 2, "to": 90},
  {"file": "b, noisy.wav", "rater": "ben"}
]`
	for name, text := range map[string]string{csvFile: csv, jsonFile: json} {
		calls, err := readLabels(fstest.MapFS{name: {Data: []byte(text)}})
		if err != nil || len(calls) != 2 {
			t.Fatalf("%s: %d calls, %v", name, len(calls), err)
		}
		a := calls[0]
		if a.file != "a.wav" || a.group != "elderly" || a.part != (piece{2, 90}) || len(a.raters) != 2 || a.neutral() {
			t.Errorf("%s: read %+v", name, a)
		}
		if anna := a.by("anna"); len(anna.raised) != 2 || anna.raised[0] != (piece{12.5, 31}) || anna.raised[1] != (piece{65, 70.5}) {
			t.Errorf("%s: Anna marked %v", name, anna.raised)
		}
		if !calls[1].neutral() || calls[1].file != "b, noisy.wav" {
			t.Errorf("%s: read %+v", name, calls[1])
		}
	}
}

// What is wrong is told with file and line, all of it at once.
func TestWhatIsWrongWithLabelsIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		want       []string
	}{
		"nothing":                  {"readme.txt", "", []string{"neither labels.csv nor labels.json"}},
		"empty":                    {csvFile, "", []string{"labels.csv:1: the file is empty"}},
		"no line":                  {csvFile, "file,rater,start,end\n", []string{"there are no labels"}},
		"a column that is unknown": {csvFile, "file,rater,start,end,angry\n", []string{`labels.csv:1: column "angry" is not one of file, rater`}},
		"a column that is missing": {csvFile, "file,rater,start\n", []string{`labels.csv:1: column "end" is missing`}},
		"a column twice":           {csvFile, "file,rater,start,end,file\n", []string{"labels.csv:1: column \"file\" is there twice"}},
		"several lines": {csvFile, "file,rater,start,end\na.wav,anna,5,4\na.wav,,1,2\n,anna,1,2\na.wav,anna,x,2\na.wav,anna,1,\n../a.wav,anna,,\na.wav,anna\n", []string{
			"labels.csv:2: the end, 4 s, is not after the start, 5 s", "labels.csv:3: rater is empty", "labels.csv:4: file is empty",
			`labels.csv:5: start "x": is no time`, "labels.csv:6: start and end belong together", `labels.csv:7: file "../a.wav" is no name inside the folder`,
			"labels.csv:8: 2 fields, but the first line names 4 columns",
		}},
		"an open quote":          {csvFile, "file,rater,start,end\n\"a.wav,anna,1,2\n", []string{"labels.csv:2: ", "quote"}},
		"two groups":             {csvFile, "file,rater,start,end,group\na.wav,anna,,,young\na.wav,ben,,,old\n", []string{`labels.csv:3: a.wav: group "old", but labels.csv:2 says "young"`}},
		"two parts":              {csvFile, "file,rater,start,end,from,to\na.wav,anna,,,1,9\na.wav,ben,,,1,8\n", []string{"labels.csv:3: a.wav: the part is 1 to 8 s, but labels.csv:2 says 1 to 9"}},
		"nothing and something":  {csvFile, "file,rater,start,end\na.wav,anna,,\na.wav,anna,1,2\n", []string{"labels.csv:3: a.wav: rater \"anna\" says that nothing is raised, and something else"}},
		"no list":                {jsonFile, `{"file": "a.wav"}`, []string{"labels.json:1: must be a list"}},
		"an unknown field":       {jsonFile, "[\n{\"file\": \"a.wav\", \"rater\": \"anna\"},\n{\"fil\": \"a.wav\"}\n]", []string{"labels.json:3: ", "fil"}},
		"a wrong kind":           {jsonFile, "[\n{\"file\": \"a.wav\",\n\"rater\": 5}\n]", []string{"labels.json:3: "}},
		"a comma too few":        {jsonFile, "[\n{\"file\": \"a.wav\"\n\"rater\": \"anna\"}\n]", []string{"labels.json:3: "}},
		"half a piece":           {jsonFile, "[\n\n{\"file\": \"a.wav\", \"rater\": \"anna\", \"raised\": [{\"start\": 1}]}\n]", []string{"labels.json:3: a raised piece needs start and end"}},
		"a piece that runs back": {jsonFile, "[{\"file\": \"a.wav\", \"rater\": \"anna\", \"raised\": [{\"start\": 3, \"end\": 2}]}]", []string{"labels.json:1: the end, 2 s"}},
		"no end":                 {jsonFile, "[{\"file\": \"a.wav\", \"rater\": \"anna\"}\n", []string{"labels.json:2: the list does not end"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readLabels(fstest.MapFS{c.file: {Data: []byte(c.text)}})
			if err == nil {
				t.Fatal("nothing is wrong")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("told\n%v\nwant %q", err, want)
				}
			}
		})
	}
	both := fstest.MapFS{csvFile: {}, jsonFile: {}}
	if _, err := readLabels(both); err == nil || !strings.Contains(err.Error(), "keep one") {
		t.Errorf("two files of labels: %v", err)
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "12.5": 12.5, "1:02.5": 62.5, "1:00:02": 3602, "90": 90} {
		if got, err := parseTime(text); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "1:60", "1:2:3:4", "NaN", "1e9", "1:-2", "+Inf"} {
		if got, err := parseTime(text); err == nil {
			t.Errorf("%q is %v, want an error", text, got)
		}
	}
}

// Whatever stands in the files, nothing panics, and what is accepted makes sense.
func FuzzLabels(f *testing.F) {
	f.Add([]byte("file,rater,start,end\na.wav,anna,1,2\n"), true)
	f.Add([]byte(`[{"file":"a.wav","rater":"anna","raised":[{"start":1,"end":2}]}]`), false)
	f.Add([]byte("file,rater,start,end,group,from,to\n\"a\",b,1:2,3:4,c,0,9\n# x\n"), true)
	f.Fuzz(func(t *testing.T, text []byte, csv bool) {
		name := jsonFile
		if csv {
			name = csvFile
		}
		calls, err := readLabels(fstest.MapFS{name: {Data: text}})
		if err != nil {
			return
		}
		for _, c := range calls {
			for _, r := range c.raters {
				for _, p := range r.raised {
					if !(p.from >= 0 && p.to > p.from) {
						t.Fatalf("accepted %v to %v", p.from, p.to)
					}
				}
			}
		}
	})
}
