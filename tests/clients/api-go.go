// An API that verifies access tokens with coreos/go-oidc.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// api says which tokens are for us.
type api struct{ verifier *oidc.IDTokenVerifier }

// needs answers with the handler only to a token that has the scope.
func (a api) needs(scope string, answer func(http.ResponseWriter, *http.Request, *oidc.IDToken)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		refuse := func(status int, challenge string) {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(status)
		}
		scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || text == "" {
			refuse(http.StatusUnauthorized, "Bearer")
			return
		}
		// Signature, issuer, audience and expiry. That this is an access token and no ID token, only its type tells.
		token, err := a.verifier.Verify(r.Context(), text)
		if err != nil || typeOf(text) != "at+jwt" {
			refuse(http.StatusUnauthorized, `Bearer error="invalid_token"`)
			return
		}
		var claims struct{ Scope string }
		if token.Claims(&claims) != nil || !slices.Contains(strings.Fields(claims.Scope), scope) {
			refuse(http.StatusForbidden, fmt.Sprintf(`Bearer error="insufficient_scope", scope="%s"`, scope))
			return
		}
		answer(w, r, token)
	}
}

func typeOf(token string) string {
	var header struct{ Typ string }
	first, _, _ := strings.Cut(token, ".")
	text, _ := base64.RawURLEncoding.DecodeString(first)
	_ = json.Unmarshal(text, &header)
	return header.Typ
}

func main() {
	provider, err := oidc.NewProvider(context.Background(), os.Getenv("ISSUER"))
	if err != nil {
		log.Fatal(err)
	}
	a := api{provider.Verifier(&oidc.Config{ClientID: os.Getenv("AUDIENCE")})}
	http.HandleFunc("GET /notes", a.needs("notes:read", func(w http.ResponseWriter, r *http.Request, token *oidc.IDToken) {
		fmt.Fprintln(w, "the notes of", token.Subject)
	}))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
