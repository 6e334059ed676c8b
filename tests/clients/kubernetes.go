// Go k8s.io/apiserver: reads the file of --authentication-config as the Kubernetes API server does, and tells by it who an ID token names.
// Tokens come from the standard input, as the token endpoint answers.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	file, err := os.ReadFile(os.Args[1])
	check(err)
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	object, err := runtime.Decode(codecs.UniversalDecoder(), file)
	check(err)
	settings := object.(*apiserver.AuthenticationConfiguration).JWT[0]
	authority, err := dynamiccertificates.NewStaticCAContent("oidc-authenticator", []byte(settings.Issuer.CertificateAuthority))
	check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	authenticator, err := oidc.New(ctx, oidc.Options{JWTAuthenticator: settings, CAContentProvider: authority})
	check(err)
	for authenticator.HealthCheck() != nil {
		check(ctx.Err())
		time.Sleep(50 * time.Millisecond)
	}

	var tokens struct {
		ID     string `json:"id_token"`
		Access string `json:"access_token"`
	}
	check(json.NewDecoder(os.Stdin).Decode(&tokens))
	answer, ok, err := authenticator.AuthenticateToken(ctx, tokens.ID)
	check(err)
	if !ok {
		log.Fatal("the ID token is not for this authenticator")
	}
	name, groups := answer.User.GetName(), answer.User.GetGroups()
	if name != "oidc:"+os.Getenv("EMAIL") || !slices.Equal(groups, []string{"oidc:admins"}) {
		log.Fatalf("the ID token names %s of %v", name, groups)
	}
	fmt.Println("  an ID token: ", name, groups)
	if _, ok, err = authenticator.AuthenticateToken(ctx, tokens.Access); ok {
		log.Fatal("an access token was taken")
	}
	fmt.Println("  an access token:", err)
}
