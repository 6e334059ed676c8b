// Whether the token of a request holds, is for this API, and has the scope that the location wants.
async function check(r) {
    const refuse = (status, challenge) => {
        r.headersOut['WWW-Authenticate'] = challenge;
        r.return(status);
    };
    const bearer = /^Bearer ([A-Za-z0-9._~+\/-]+=*)$/i.exec(r.headersIn.Authorization || '');
    if (!bearer) return refuse(401, 'Bearer');
    const body = 'token=' + encodeURIComponent(bearer[1]);
    const answer = await r.subrequest('/_introspect', { method: 'POST', body });
    if (answer.status != 200) return r.return(500);
    const token = JSON.parse(answer.responseText);
    const holds = token.active && [].concat(token.aud).includes(r.variables.audience);
    if (!holds) return refuse(401, 'Bearer error="invalid_token"');
    if (!token.scope.split(' ').includes(r.variables.scope)) return refuse(403, 'Bearer error="insufficient_scope"');
    r.headersOut['X-Subject'] = token.sub;
    r.return(204);
}

export default { check };
