# Makes this machine a node of Data Factory's runtime. It fetches the runtime's key itself, by its own identity, so
# that no key is in a template, a state or an argument. $Runtime (the runtime's resource id) is set before this text.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$command = 'C:\Program Files\Microsoft Integration Runtime\5.0\Shared\dmgcmd.exe'
$done = 'C:\ProgramData\data-factory-runtime'

if (-not (Test-Path $command)) {
    $msi = Join-Path $env:TEMP 'runtime.msi'
    [Net.ServicePointManager]::SecurityProtocol = 'Tls12'
    # Microsoft's link to the newest version; the runtime keeps itself up to date from then on.
    Invoke-WebRequest -UseBasicParsing 'https://go.microsoft.com/fwlink/?linkid=839822' -OutFile $msi
    $signed = Get-AuthenticodeSignature $msi
    if ($signed.Status -ne 'Valid' -or $signed.SignerCertificate.Subject -notlike '*O=Microsoft Corporation,*') {
        throw "the installer is not Microsoft's: $($signed.Status)"
    }
    $install = Start-Process msiexec.exe "/i $msi /quiet /norestart" -Wait -PassThru
    if ($install.ExitCode -notin 0, 3010) { throw "msiexec ended with $($install.ExitCode)" }
}

if (-not (Test-Path $done)) {
    $identity = 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01'
    $keys = "https://management.azure.com$Runtime/listAuthKeys?api-version=2018-06-01"
    for ($try = 1; -not $found; $try++) {
        try {
            $token = Invoke-RestMethod "$identity&resource=https://management.azure.com/" -Headers @{Metadata = 'true'}
            $found = Invoke-RestMethod $keys -Method Post -Headers @{Authorization = "Bearer $($token.access_token)"}
        } catch {
            # A new identity's rights take some minutes to be known everywhere.
            if ($try -ge 40) { throw }
            Start-Sleep 30
        }
    }
    & $command -EnableRemoteAccess 8060  # other nodes of the runtime
    & $command -RegisterNewNode $found.authKey1 $env:COMPUTERNAME
    if ($LASTEXITCODE) { throw "dmgcmd ended with $LASTEXITCODE" }
    New-Item $done -ItemType File | Out-Null
}

# Nobody signs in: the password that Azure asks for is forgotten here.
$bytes = New-Object byte[] 48
[Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
$forgotten = ConvertTo-SecureString ('aA1!' + [Convert]::ToBase64String($bytes)) -AsPlainText -Force
Get-LocalUser 'runtime' | Set-LocalUser -Password $forgotten
Disable-LocalUser 'runtime'
