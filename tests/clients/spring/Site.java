// A Spring Boot site whose every page asks to sign in; this one says who did.
package site;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
class Site {
    public static void main(String[] args) {
        SpringApplication.run(Site.class, args);
    }

    @GetMapping("/")
    Map<String, String> home(@AuthenticationPrincipal OidcUser person) {
        return Map.of("name", person.getFullName(), "email", person.getEmail());
    }
}
