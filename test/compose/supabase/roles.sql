create role authenticator login;
