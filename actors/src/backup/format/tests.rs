use super::*;

fn masters() -> MasterKeys {
    MasterKeys::given("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", None).unwrap()
}

async fn sealed(plain: &[u8]) -> Vec<u8> {
    let masters = masters();
    let head = Head::new("rows", Uuid::new_v4(), 1);
    let file = FileKey::make(&masters, masters.ids()[0], head).await.unwrap();
    let mut sealer = Sealer::begin(Vec::new(), file).unwrap();
    sealer.write_all(plain).unwrap();
    sealer.finish().unwrap()
}

async fn opened(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let (_, mut opener) = Opener::begin(bytes, &masters()).await.map_err(|error| error.to_string())?;
    let mut plain = Vec::new();
    opener.read_to_end(&mut plain).map_err(|error| error.to_string())?;
    Ok(plain)
}

/// Where chunks begin, and where the file ends.
fn bounds(file: &[u8]) -> Vec<usize> {
    let mut at = 12 + usize::try_from(u32::from_be_bytes(file[8..12].try_into().unwrap())).unwrap();
    let mut bounds = vec![at];
    while at < file.len() {
        at += 12 + usize::try_from(u32::from_be_bytes(file[at + 8..at + 12].try_into().unwrap())).unwrap();
        bounds.push(at);
    }
    bounds
}

#[tokio::test]
async fn what_was_sealed_opens_whatever_its_length() {
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7] {
        let plain: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        assert_eq!(opened(&sealed(&plain).await).await.unwrap(), plain, "{length}");
    }
}

#[tokio::test]
async fn whatever_is_done_to_a_file_is_seen_and_said() {
    let plain = vec![7; 3 * CHUNK + 5];
    let (file, other) = (sealed(&plain).await, sealed(&plain).await);
    let at = bounds(&file);
    assert_eq!(at.len(), 5, "four chunks");
    let said = async |bytes: Vec<u8>| opened(&bytes).await.unwrap_err();
    for end in [at[4] - 1, at[3], at[2], at[1] + 5, at[0], 40, 10] {
        let said = said(file[..end].to_vec()).await;
        assert!(said.contains("cut off"), "{end}: {said}");
    }
    // A byte of a chunk, and one of the head that says which tables.
    for flipped in [at[1] + 100, at[0] + 13] {
        let mut bytes = file.clone();
        bytes[flipped] ^= 1;
        assert!(said(bytes).await.contains("altered"), "{flipped}");
    }
    let from = file.windows(6).position(|found| found == b"\"at\":1").unwrap();
    let mut bytes = file.clone();
    bytes[from + 5] = b'2';
    let found = said(bytes).await;
    assert!(found.contains("altered"), "the head is held by each chunk: {found}");
    let swapped = [&file[..at[1]], &file[at[2]..at[3]], &file[at[1]..at[2]], &file[at[3]..]].concat();
    assert!(said(swapped.clone()).await.contains("number 2 stands where 1 should"));
    // With their numbers altered as well.
    let mut renumbered = swapped;
    renumbered[at[1] + 7] = 1;
    renumbered[at[2] + 7] = 2;
    assert!(said(renumbered).await.contains("altered"));
    let mixed = [&file[..at[1]], &other[at[1]..at[2]], &file[at[2]..]].concat();
    assert!(said(mixed).await.contains("altered"), "a chunk of another file");
    let longer = [&file[..], &file[at[3]..]].concat();
    assert!(!said(longer).await.is_empty(), "more than there should be");
    let from = file.windows(10).position(|found| found == b"\"format\":1").unwrap();
    let mut newer = file.clone();
    newer[from + 9] = b'9';
    assert!(said(newer).await.contains("format 9"));
    assert!(said(b"something else altogether".to_vec()).await.contains("no backup"));
    let wrong = MasterKeys::given("HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", None).unwrap();
    let Err(error) = Opener::begin(&file[..], &wrong).await else {
        panic!("another key opens it")
    };
    assert!(error.to_string().contains("none of the master keys at hand"), "{error}");
}
