// A Spring Boot API: every path takes a right token, and /notes only one with the scope notes:read.
package api;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@EnableMethodSecurity
@RestController
class Api {
    public static void main(String[] args) {
        SpringApplication.run(Api.class, args);
    }

    @GetMapping("/")
    String home(@AuthenticationPrincipal Jwt token) {
        return token.getSubject();
    }

    @GetMapping("/notes")
    @PreAuthorize("hasAuthority('SCOPE_notes:read')")
    String notes() {
        return "notes";
    }
}
