// Go zitadel/oidc: a confidential web application signs a person in and reads userinfo, by the handlers of its package rp. They send neither
// PKCE nor a nonce; rp.WithPKCE is the one setting that it needs here.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	app, err := url.Parse(os.Getenv("APP"))
	check(err)
	key := []byte("16 bytes of test")
	cookies := httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure())
	scopes := []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail}
	issuer, id, secret, callback := os.Getenv("ISSUER"), os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET"), os.Getenv("REDIRECT_URI")
	options := []rp.Option{rp.WithCookieHandler(cookies), rp.WithPKCE(cookies)}
	provider, err := rp.NewRelyingPartyOIDC(context.Background(), issuer, id, secret, callback, scopes, options...)
	check(err)

	signedIn := func(w http.ResponseWriter, r *http.Request, tokens *oidc.Tokens[*oidc.IDTokenClaims], state string, _ rp.RelyingParty, info *oidc.UserInfo) {
		check(json.NewEncoder(w).Encode(map[string]string{"userinfo": info.Email, "token": tokens.IDTokenClaims.Email, "state": state}))
	}
	// The words for the person are in the library's own example: it sends them as `prompt`.
	words := rp.WithPromptURLParam("Welcome back!")
	http.Handle("/login", rp.AuthURLHandler(oauth2.GenerateVerifier, provider, words))
	http.Handle("/cb", rp.CodeExchangeHandler(rp.UserinfoCallback(signedIn), provider))
	go func() { check(http.ListenAndServe(app.Host, nil)) }()

	person := strings.Fields(os.Getenv("PERSON"))
	command := exec.Command(person[0], append(person[1:], app.String()+"/login", "cookies")...)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	check(err)
	var page map[string]string
	check(json.Unmarshal(printed, &page))
	email := os.Getenv("EMAIL")
	if page["userinfo"] != email || page["token"] != email || page["state"] == "" {
		log.Fatalf("the page is %s", printed)
	}
}
