package logs

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// A group is a log group of CloudWatch Logs, which is a file here.
type group struct{ account, region, name string }

// groupForm is the ARN of a log group, with or without the ":*" behind it that
// some tools add. Names: CloudWatch Logs API reference, CreateLogGroup.
var groupForm = regexp.MustCompile(`^arn:aws(?:-[a-z]+)*:logs:([a-z0-9-]{1,32}):([0-9]{12}):log-group:([A-Za-z0-9._/#-]{1,512})(?::\*)?$`)

// CheckDestination says why a stage's access log cannot go to that ARN; nil: it
// can. Only log groups are served.
func CheckDestination(arn string) error {
	_, err := parseGroup(arn)
	return err
}

func parseGroup(arn string) (group, error) {
	if m := groupForm.FindStringSubmatch(arn); m != nil {
		return group{region: m[1], account: m[2], name: m[3]}, nil
	}
	const want = "give a log group, arn:aws:logs:REGION:ACCOUNT:log-group:NAME"
	if part := strings.SplitN(arn, ":", 4); len(part) == 4 && part[0] == "arn" && part[2] == "firehose" {
		return group{}, fmt.Errorf("access log destination %q is a delivery stream of Amazon Data Firehose, which this version does not serve: %s", short(arn), want)
	}
	return group{}, fmt.Errorf("access log destination %q is not the ARN of a log group: %s", short(arn), want)
}

// maxFileName keeps names, and those of rotated files, under the 255 bytes
// that file systems allow.
const maxFileName = 200

// file is where below the directory of all groups this one is written:
// ACCOUNT/REGION/NAME.log. In NAME a "/" becomes "+", which no log group has in
// its name, so two groups never share a file and none leaves its directory; a
// very long name is cut and ends in "@" and its hash.
func (g group) file() string {
	name := strings.ReplaceAll(g.name, "/", "+")
	if len(name) > maxFileName {
		sum := sha256.Sum256([]byte(name))
		name = name[:maxFileName-33] + "@" + fmt.Sprintf("%x", sum[:16])
	}
	return filepath.Join(g.account, g.region, name+".log")
}
