// Go coreos/go-oidc: a confidential web application signs in with PKCE, refreshes, and signs out.
package main

import (
	"context"
	"fmt"
	"log"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func demand(holds bool, words string, values ...any) {
	if !holds {
		log.Fatalf(words, values...)
	}
}

func visit(address string) *url.URL {
	person := strings.Fields(os.Getenv("PERSON"))
	command := exec.Command(person[0], append(person[1:], address, "cookies")...)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	check(err)
	end, err := url.Parse(strings.TrimSpace(string(printed)))
	check(err)
	return end
}

func verified(ctx context.Context, verifier *oidc.IDTokenVerifier, token *oauth2.Token) *oidc.IDToken {
	raw, ok := token.Extra("id_token").(string)
	demand(ok, "no ID token")
	idToken, err := verifier.Verify(ctx, raw)
	check(err)
	check(idToken.VerifyAccessToken(token.AccessToken))
	return idToken
}

func main() {
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	check(err)
	config := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  os.Getenv("REDIRECT_URI"),
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: config.ClientID})
	pkce := oauth2.GenerateVerifier()
	state, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	address := config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(pkce))
	callback := visit(address).Query()
	demand(callback.Get("state") == state, "the state is %s", callback.Get("state"))
	token, err := config.Exchange(ctx, callback.Get("code"), oauth2.VerifierOption(pkce))
	check(err)
	idToken := verified(ctx, verifier, token)
	demand(idToken.Nonce == nonce, "the nonce is %s", idToken.Nonce)
	userinfo, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	check(err)
	demand(userinfo.Subject == idToken.Subject && userinfo.Email == os.Getenv("EMAIL"), "userinfo is of %s", userinfo.Email)

	refreshed, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	check(err)
	demand(refreshed.AccessToken != token.AccessToken, "the access token is the same")
	demand(verified(ctx, verifier, refreshed).Subject == idToken.Subject, "another person")

	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	check(provider.Claims(&metadata))
	after := os.Getenv("POST_LOGOUT_REDIRECT_URI")
	goodbye := url.Values{"id_token_hint": {refreshed.Extra("id_token").(string)}, "post_logout_redirect_uri": {after}, "state": {"bye"}}
	ended := visit(metadata.EndSession + "?" + goodbye.Encode()).String()
	demand(ended == fmt.Sprintf("%s?state=bye", after), "signing out ended at %s", ended)
	silent := visit(config.AuthCodeURL(state, oauth2.S256ChallengeOption(pkce), oauth2.SetAuthURLParam("prompt", "none"))).Query()
	demand(silent.Get("error") == "login_required", "prompt=none was answered with %v", silent)
}
