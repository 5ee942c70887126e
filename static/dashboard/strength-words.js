/** What guessers try first: the stems of common passwords, names, and the commonest words. Keyboards and alphabets, to find rows in. */

export const COMMON = new Set(`
password passwort passwd pass word secret login admin administrator root user guest master welcome hello letmein open sesame access system
test testing demo sample example default temp change changeme computer internet server network security secure private office company
google facebook apple amazon microsoft windows linux android samsung iphone twitter linkedin github youtube
iloveyou ilove love lover loveme loveyou forever always never together baby angel princess prince queen king honey sweet sweety sweetheart
beautiful lovely pretty cute sexy hottie babygirl babyboy mylove family mother father mommy daddy mama papa sister brother friend friends
summer winter spring autumn fall january february march april june july august september october november december
monday tuesday wednesday thursday friday saturday sunday today tomorrow birthday christmas holiday happy lucky
monkey dragon tiger lion eagle panther horse shadow sunshine flower butterfly chicken cookie cheese chocolate banana orange purple yellow
green black white blue red silver gold diamond rainbow star stars moon sun sky ocean water fire earth world heaven money power energy
football baseball basketball soccer hockey tennis golf liverpool chelsea arsenal barcelona madrid juventus yankees cowboys
batman superman spiderman pokemon pikachu naruto starwars matrix hunter ranger killer ninja warrior wizard player gamer game music guitar rock
michael michelle jordan jennifer jessica ashley amanda daniel david thomas robert charlie andrew george joshua matthew anthony william james
john maria anna nicole sarah laura emma olivia sophia alexander alex chris christian martin peter paul mark kevin brian jason justin
jesus christ god bless faith freedom trust hope peace life live death school student teacher college london paris berlin america england
germany france india china mexico brazil canada texas california york team work money bank house home city car cars mustang ferrari porsche
harley corvette mercedes toyota honda yamaha nissan dog cat dogs cats puppy kitty kitten bear fish bird wolf
the and for you your are not but with this that from have will what when where who how why can all one two three four five six seven eight
nine ten new old big little long short good great best super cool nice my me is it in on at to of be we he she they us our i am a an no yes
please thanks thank come here there home day night time year man men woman women girl boy kids number letter phone mail email account
qwerty qwertz azerty asdf zxcv abc trustno whatever nothing something anything everything never again really
`.trim().split(/\s+/));

export const ROWS = [
  "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm",
  // Columns, and back and forth between two rows.
  "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik", "qazwsxedcrfvtgbyhnujm", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p", "qawsedrftgyhujikolp",
  "a1b2c3d4e5f6g7h8i9j0", "1a2b3c4d5e6f7g8h9i0j", "14789632", "147258369", "159357", "!@#$%^&*()", "!\"§$%&/()",
].flatMap((row) => [row, [...row].reverse().join("")]);
