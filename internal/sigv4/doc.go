// Package sigv4 knows AWS Signature Version 4 in the Authorization header field: how a request is written down so that both ends
// write the same bytes, and which keys sign them. Sign uses it for requests that leave the house.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
package sigv4
