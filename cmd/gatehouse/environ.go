package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// envPrefix begins the name of every variable that overrides a key:
// GATEHOUSE_STORE_DIR is store.dir, GATEHOUSE_LISTENERS_0_ADDR is the addr of
// the first listener. Lists of plain values are separated by commas.
const envPrefix = "GATEHOUSE_"

// configVariable names the configuration file and is so no key of it.
const configVariable = envPrefix + "CONFIG"

// environment applies the variables that name a key. One that names none is a
// warning and no refusal: Kubernetes sets GATEHOUSE_SERVICE_HOST and its like
// in every pod beside a service of that name.
func (s *settings) environment(environ []string, c *Config) {
	vars := map[string]string{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, envPrefix) {
			vars[name] = value
		}
	}
	if len(vars) == 0 {
		return
	}
	known := map[string]bool{}
	s.override(vars, known, "", strings.TrimSuffix(envPrefix, "_"), reflect.ValueOf(c).Elem(), "")
	known[masterKeyVariable], known[masterKeyVariable+"_FILE"] = true, true // not of the configuration, on purpose
	for name, value := range vars {
		if !known[name] && value != "" && name != configVariable && !strings.HasPrefix(name, envPrefix+"SERVICE_") && !strings.HasPrefix(name, envPrefix+"PORT") {
			s.warnings = append(s.warnings, fmt.Sprintf("the variable %s overrides no key of the configuration%s", name, suggest(name, keysIn(known))))
		}
	}
}

// override walks the configuration and sets what a variable names.
func (s *settings) override(vars map[string]string, known map[string]bool, key, name string, v reflect.Value, rule reflect.StructTag) {
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			tag := f.Tag.Get("yaml")
			s.override(vars, known, join(key, tag), name+"_"+strings.ToUpper(tag), v.Field(i), f.Tag)
		}
		return
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		s.overrideList(vars, known, key, name, v)
		return
	}
	known[name] = true
	text, ok := vars[name]
	if !ok {
		return
	}
	s.source[key] = name
	if v.Kind() == reflect.Slice {
		v.Set(reflect.ValueOf(splitList(text)))
		return
	}
	if err := setText(v, text, rule); err != nil {
		s.problem("%s: %s: %v", name, key, err)
	}
}

// overrideList overrides the entries that a list has, and appends entries as
// long as variables name the next one.
func (s *settings) overrideList(vars map[string]string, known map[string]bool, key, name string, v reflect.Value) {
	for i := 0; i < maxListeners; i++ {
		prefix := name + "_" + strconv.Itoa(i)
		if i == v.Len() {
			if !anyHasPrefix(vars, prefix+"_") {
				return
			}
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		}
		s.override(vars, known, fmt.Sprintf("%s[%d]", key, i), prefix, v.Index(i), "")
	}
}

func anyHasPrefix(vars map[string]string, prefix string) bool {
	for name := range vars {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func splitList(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func keysIn(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

// environ is the environment as a lookup, for what is no configuration key.
type environ []string

// get returns the last value of a variable, as the operating system would.
func (e environ) get(name string) string {
	value := ""
	for _, pair := range e {
		if n, v, ok := strings.Cut(pair, "="); ok && n == name {
			value = v
		}
	}
	return value
}
