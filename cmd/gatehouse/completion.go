package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints what a shell has to run so that it completes
// command lines. The scripts are short and ask this binary (completeCommand),
// so that they know what it knows, whichever version made them.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish,powershell" help:"The shell: bash, zsh, fish or powershell."`
}

// Help is what --help tells besides the flags.
func (*completionCommand) Help() string {
	return `For the shell that is open:

  source <(gatehouse completion bash)
  source <(gatehouse completion zsh)
  gatehouse completion fish | source
  gatehouse completion powershell | Out-String | Invoke-Expression

The first lines of what is printed say how to keep it. The gatehouse that is completed must be found as it is typed.`
}

// The scripts, one a shell.
var (
	//go:embed completion/bash.sh
	bashScript string
	//go:embed completion/zsh.zsh
	zshScript string
	//go:embed completion/fish.fish
	fishScript string
	//go:embed completion/powershell.ps1
	powershellScript string
)

// Run prints the script.
func (c *completionCommand) Run(t *terminal) error {
	text := map[string]string{"bash": bashScript, "zsh": zshScript, "fish": fishScript, "powershell": powershellScript}[c.Shell]
	if t.structured() {
		return t.print(map[string]string{"shell": c.Shell, "script": text})
	}
	_, err := io.WriteString(t.out, text)
	return err
}

// completeCommand is what the scripts ask: what may the word be that is being
// typed? The answer has a candidate a line, with its help behind a tab, or one
// of the lines :files and :directories where the shell knows more than we do.
type completeCommand struct {
	Current string   `placeholder:"WORD" help:"The word to complete, as far as it is typed."`
	Words   []string `arg:"" optional:"" help:"The words before it, without the name of the program."`
}

// The answers that have the shell complete names of files.
const (
	completeFiles       = ":files"
	completeDirectories = ":directories"
)

// Run prints the candidates.
func (c *completeCommand) Run(ctx context.Context, t *terminal) error {
	var model commands
	parser, err := newParser(&model, io.Discard, ctx, t)
	if err != nil {
		return err
	}
	for _, found := range complete(parser.Model.Node, c.Words, c.Current) {
		if _, err := fmt.Fprintln(t.out, found.line()); err != nil {
			return err
		}
	}
	return nil
}

// A candidate is one word that would be understood.
type candidate struct{ word, help string }

func (c candidate) line() string {
	if c.help == "" {
		return c.word
	}
	return c.word + "\t" + strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, c.help)
}

// A typist is how far a command line has come.
type typist struct {
	at      *kong.Node      // the command so far
	helping bool            // it is help, whose arguments are commands
	literal bool            // behind "--": no flags any more
	args    int             // positional arguments of at so far
	used    map[string]bool // flags
	pending *kong.Flag      // the flag whose value comes next
}

// complete returns the candidates for the word current behind the words before
// it. Words that mean nothing are passed over.
func complete(root *kong.Node, before []string, current string) []candidate {
	p := &typist{at: root, used: map[string]bool{}}
	for _, w := range before {
		p.take(w)
	}
	switch {
	case p.pending != nil:
		return begins(valuesOf(p.pending.Value), "", current)
	case p.literal || !strings.HasPrefix(current, "-"):
		return p.words(current)
	}
	if name, value, ok := strings.Cut(current, "="); ok {
		if f := p.flag(name); f != nil && takesValue(f) {
			return begins(valuesOf(f.Value), name+"=", value)
		}
		return nil
	}
	return begins(p.flags(), "", current)
}

// take goes on by one word.
func (p *typist) take(w string) {
	switch {
	case p.pending != nil:
		p.pending = nil
	case p.literal:
		p.args++
	case w == "--":
		p.literal = true
	case strings.HasPrefix(w, "-"):
		name, _, valued := strings.Cut(w, "=")
		f := p.flag(name)
		if f == nil {
			return
		}
		p.used[f.Name] = true
		if takesValue(f) && !valued {
			p.pending = f
		}
	default:
		p.takeWord(w)
	}
}

func (p *typist) takeWord(w string) {
	if child := p.child(w); child != nil {
		if p.at.Parent == nil && child.Name == "help" && !p.helping {
			p.helping = true // help dev is about dev
			return
		}
		p.at, p.args = child, 0
		return
	}
	p.args++
}

func (p *typist) child(name string) *kong.Node {
	i := slices.IndexFunc(p.at.Children, func(n *kong.Node) bool { return n.Name == name })
	if i < 0 || p.args > 0 {
		return nil
	}
	return p.at.Children[i]
}

// words are the candidates that are no flags: commands, or values of the
// argument that comes next. Where there are none, flags may come.
func (p *typist) words(current string) []candidate {
	var list []candidate
	for _, n := range p.at.Children {
		if !n.Hidden && p.args == 0 {
			list = append(list, candidate{n.Name, n.Help})
		}
	}
	if len(p.at.Positional) > 0 && !p.helping {
		next := p.at.Positional[min(p.args, len(p.at.Positional)-1)]
		if p.args < len(p.at.Positional) || next.IsCumulative() {
			list = append(list, valuesOf(next)...)
		}
	}
	if len(list) == 0 && current == "" && p.at.Leaf() && !p.literal && !p.helping {
		return p.flags()
	}
	return begins(list, "", current)
}

// flags are those that may still come.
func (p *typist) flags() (list []candidate) {
	at := p.at
	for p.helping && at.Parent != nil {
		at = at.Parent // help has those that all have
	}
	for _, group := range at.AllFlags(true) {
		for _, f := range group {
			if (!p.used[f.Name] || f.IsCumulative()) && understands(at, "--"+f.Name) && !(p.helping && namesGateway("--"+f.Name)) {
				list = append(list, candidate{"--" + f.Name, f.Help})
			}
		}
	}
	return list
}

// flag finds a flag by its name as it is typed.
func (p *typist) flag(name string) *kong.Flag {
	for _, group := range p.at.AllFlags(true) {
		for _, f := range group {
			if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
				return f
			}
		}
	}
	return nil
}

func takesValue(f *kong.Flag) bool { return !f.IsBool() && !f.IsCounter() }

// valuesOf are the words that a value may be, as far as they are known: those
// of an enumeration, or files, which its placeholder or its name tells.
func valuesOf(v *kong.Value) (list []candidate) {
	if v.Enum != "" {
		for _, word := range v.EnumSlice() {
			if word != "" {
				list = append(list, candidate{word: word})
			}
		}
		return list
	}
	what := v.Tag.PlaceHolder
	if v.Flag == nil {
		what = strings.ToUpper(v.Name)
	}
	switch what {
	case "FILE", "FILE|DIR":
		return []candidate{{word: completeFiles}}
	case "DIR":
		return []candidate{{word: completeDirectories}}
	}
	return nil
}

// begins keeps the candidates that begin as what is typed, and puts what stands
// before them in the same word.
func begins(list []candidate, before, typed string) (kept []candidate) {
	for _, c := range list {
		switch {
		case c.word == completeFiles || c.word == completeDirectories:
			kept = append(kept, c)
		case strings.HasPrefix(c.word, typed):
			kept = append(kept, candidate{before + c.word, c.help})
		}
	}
	return kept
}
