with import ../toy.nix;
(config [ { people.ada = { }; } ]).people.ada.age
