package gate

import "strings"

// The keys of the store's two shared spaces. Everything under Plane is what
// data planes watch; a chunk is read on demand and never watched. The draft
// space is the control planes' own and its keys are theirs.
const (
	Plane   = "plane/"
	served  = Plane + "served/"
	live    = Plane + "live/"
	apis    = live + "apis/"
	stages  = live + "stages/"
	domains = live + "domains/"
	certs   = live + "certificates/"
	chunks  = "chunk/"
)

// APIKey is the key of an API's document.
func APIKey(id APIID) string { return apis + string(id) }

// StageKey is the key of a stage's document.
func StageKey(r StageRef) string { return stages + string(r.API) + "/" + string(r.Name) }

// StagesKey is the prefix of all stages of an API.
func StagesKey(id APIID) string { return stages + string(id) + "/" }

// DomainKey is the key of a custom domain's document.
func DomainKey(name DomainName) string { return domains + string(name) }

// CertificateKey is the key of a client certificate's document, and the place
// that its private key is sealed for.
func CertificateKey(id CertificateID) string { return certs + string(id) }

// DeploymentKey is the key of a deployment's head.
func DeploymentKey(r DeploymentRef) string { return served + string(r.API) + "/" + string(r.ID) }

// DeploymentsKey is the prefix of all deployment heads of an API.
func DeploymentsKey(id APIID) string { return served + string(id) + "/" }

// ServedPrefix is the prefix of all deployment heads.
const ServedPrefix = served

// ChunkKey is the key of the chunk with that SHA-256 sum in hex.
func ChunkKey(sum string) string { return chunks + sum }

// ChunkPrefix is the prefix of all chunks.
const ChunkPrefix = chunks

// ParseKey tells what a key under Plane names: an APIID, a StageRef, a
// DeploymentRef, a DomainName, a CertificateID, or nil for a key of another kind.
func ParseKey(key string) any {
	if id, ok := strings.CutPrefix(key, apis); ok {
		return APIID(id)
	}
	if name, ok := strings.CutPrefix(key, domains); ok {
		return DomainName(name)
	}
	if id, ok := strings.CutPrefix(key, certs); ok {
		return CertificateID(id)
	}
	if rest, ok := strings.CutPrefix(key, stages); ok {
		if api, name, ok := strings.Cut(rest, "/"); ok {
			return StageRef{APIID(api), StageName(name)}
		}
	}
	if rest, ok := strings.CutPrefix(key, served); ok {
		if api, id, ok := strings.Cut(rest, "/"); ok {
			return DeploymentRef{APIID(api), DeploymentID(id)}
		}
	}
	return nil
}
