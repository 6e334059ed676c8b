// A React app: signs in, asks userinfo, renews the tokens and signs out, by react-oidc-context.

import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { AuthProvider, useAuth } from 'react-oidc-context'

const settings = {
  authority: process.env.ISSUER,
  client_id: process.env.CLIENT_ID,
  redirect_uri: process.env.REDIRECT_URI,
  post_logout_redirect_uri: process.env.POST_LOGOUT_REDIRECT_URI,
  scope: 'openid profile email offline_access',
  onSigninCallback: () => history.replaceState({}, '', location.pathname),
}

const App = () => {
  const auth = useAuth()
  const [userinfo, setUserinfo] = useState()
  const ask = async () => {
    const url = await fetch(`${settings.authority}/.well-known/openid-configuration`).then((answer) => answer.json())
    const headers = { authorization: `Bearer ${auth.user.access_token}` }
    setUserinfo(await fetch(url.userinfo_endpoint, { headers }).then((answer) => answer.json()))
  }
  if (auth.error) return <p id="error">{auth.error.message}</p>
  if (auth.isLoading) return <p>One moment</p>
  if (!auth.isAuthenticated) return <button id="sign-in" onClick={() => auth.signinRedirect()}>Sign in</button>
  return (
    <>
      <p id="name">{auth.user.profile.name}</p>
      <p id="token">{auth.user.access_token}</p>
      <p id="email">{userinfo?.email}</p>
      <button id="ask" onClick={ask}>Who am I</button>
      <button id="renew" onClick={() => auth.signinSilent()}>Renew</button>
      <button id="sign-out" onClick={() => auth.signoutRedirect()}>Sign out</button>
    </>
  )
}

createRoot(document.getElementById('app')).render(
  <StrictMode>
    <AuthProvider {...settings}>
      <App />
    </AuthProvider>
  </StrictMode>,
)
